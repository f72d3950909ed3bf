// What is wrong beside the logs: attachments, and caches that fit nothing.
import { createHash } from "node:crypto";
import { join } from "node:path";
import { errno } from "../base/errors.ts";
import { giveWay } from "../base/turn.ts";
import type { VerifyProblem } from "../base/verify.ts";
import type { VfsFile } from "../disk/vfs.ts";
import { readMeta } from "../indexes/offsets/sidecar.ts";
import { Chunks } from "../log/chunks.ts";
import type { StoreState } from "./state.ts";
import { problemOf } from "./verify-codes.ts";

const BLOB_NAME = /^([0-9a-f]{64})(?:\.[^/]*)?$/;
/** How a line names an attachment. In a text its quotes would be escaped. */
const REFERENCE = Buffer.from('"$blob":"sha256-');
const HASH_LENGTH = 64;

/** Attachments whose content is not what their name says. `onBytes` is told how much was read. */
export async function* wrongBlobs(
  { vfs, layout }: StoreState,
  onBytes: (bytes: number) => void,
  signal?: AbortSignal,
): AsyncGenerator<VerifyProblem> {
  for await (const directory of vfs.streamNames(layout.blobs)) {
    for await (const name of vfs.streamNames(join(layout.blobs, directory))) {
      signal?.throwIfAborted();
      const path = join(layout.blobs, directory, name);
      const hash = BLOB_NAME.exec(name)?.[1];
      if (hash === undefined || !hash.startsWith(directory)) continue;
      try {
        const found = await hashOf(vfs.open(path, "read"), onBytes);
        if (found !== hash) yield problemOf({ code: "blob-wrong", file: path, by: "nobody", detail: `it is ${found}` });
      } catch (error) {
        if (errno(error) === undefined) throw error;
        if (errno(error) !== "ENOENT")
          yield problemOf({ code: "unreadable", file: path, by: "nobody", detail: (error as Error).message });
      }
      await giveWay();
    }
  }
}

async function hashOf(file: VfsFile, onBytes: (bytes: number) => void): Promise<string> {
  const hash = createHash("sha256");
  const chunks = new Chunks(file, 0, file.stat().size);
  try {
    for (let chunk = await chunks.next(); chunk !== undefined; chunk = await chunks.next(chunk.end)) {
      hash.update(chunk.bytes.subarray(chunk.start, chunk.end));
      onBytes(chunk.end - chunk.start);
      await giveWay();
    }
    return hash.digest("hex");
  } finally {
    await chunks.stop();
    file.close();
  }
}

/** Where the first `size` bytes of a log name attachments that are not there. */
export async function missingBlobs(
  { vfs, layout }: StoreState,
  file: VfsFile,
  size: number,
): Promise<{ readonly offset: number; readonly bytes: number; readonly hash: string }[]> {
  const missing: { offset: number; bytes: number; hash: string }[] = [];
  const seen = new Map<string, boolean>();
  const isThere = (hash: string): boolean => {
    let known = seen.get(hash);
    if (known !== undefined) return known;
    known = vfs.names(join(layout.blobs, hash.slice(0, 2))).some((name) => name.startsWith(hash));
    if (seen.size > 10_000) seen.clear();
    seen.set(hash, known);
    return known;
  };
  const chunks = new Chunks(file, 0, size);
  try {
    let rest = 0;
    for (let chunk = await chunks.next(); chunk !== undefined; chunk = await chunks.next(rest)) {
      const { bytes, start, end, base } = chunk;
      for (let at = bytes.indexOf(REFERENCE, start); at !== -1 && at < end; at = bytes.indexOf(REFERENCE, at + 1)) {
        const from = at + REFERENCE.length;
        if (from + HASH_LENGTH >= end) break;
        const hash = bytes.toString("latin1", from, from + HASH_LENGTH);
        if (bytes[from + HASH_LENGTH] !== 34 || !BLOB_NAME.test(hash) || isThere(hash)) continue;
        missing.push({ offset: base + at, bytes: REFERENCE.length + HASH_LENGTH + 1, hash });
      }
      // A reference that the chunk cuts is found whole in the next one.
      rest = Math.max(start, end - REFERENCE.length - HASH_LENGTH);
      await giveWay();
    }
  } finally {
    await chunks.stop();
  }
  return missing;
}

/** Files of this machine's cache that no session or no log has any more, or that are not what a writer wrote. */
export async function* strayCaches({ vfs, layout, locator }: StoreState): AsyncGenerator<VerifyProblem> {
  for (const directory of vfs.names(layout.offsets)) {
    for await (const name of vfs.streamNames(join(layout.offsets, directory))) {
      const path = join(layout.offsets, directory, name);
      const isGone = locator.find(name).length === 0;
      const detail = isGone ? "there is no such session" : isSidecar(vfs, path) ? undefined : "it is damaged";
      if (detail !== undefined) yield problemOf({ code: "cache", file: path, by: "mine", detail });
      await giveWay();
    }
  }
}

/** What cannot be read is not known to be wrong. */
function isSidecar(vfs: StoreState["vfs"], path: string): boolean {
  let file: VfsFile | undefined;
  try {
    file = vfs.open(path, "read");
    const { size } = file.stat();
    return readMeta(file, size) !== undefined;
  } catch (error) {
    return errno(error) !== undefined;
  } finally {
    file?.close();
  }
}
