// What is wrong with attachments: files that are not what their names say, and lines that name one that is not there.
import { join } from "node:path";
import { crypto } from "../../base/crypto.ts";
import { errno } from "../../base/errors.ts";
import { giveWay } from "../../base/turn.ts";
import type { VerifyProblem } from "../../base/verify.ts";
import { hashIn } from "../../disk/blobs.ts";
import type { VfsFile } from "../../disk/vfs.ts";
import { openBlobs } from "../../line/blob.ts";
import { decodeLine } from "../../line/decode.ts";
import { blobNames } from "../../log/blob-names.ts";
import { Chunks } from "../../log/chunks.ts";
import type { Inspected } from "./inspect.ts";
import type { StoreState } from "../state.ts";
import { problemOf } from "./verify-codes.ts";

/** So many hashes are remembered. */
const MOST_SEEN = 10_000;

/** Attachments whose content is not what their name says. `onBytes` is told how much was read. */
export async function* wrongBlobs(
  store: StoreState,
  onBytes: (bytes: number) => void,
  signal?: AbortSignal,
): AsyncGenerator<VerifyProblem> {
  const by = store.readOnly === undefined ? "mine" : "nobody";
  for await (const { path, hash } of filesOf(store)) {
    signal?.throwIfAborted();
    try {
      const found = await hashOf(store.vfs.open(path, "read"), onBytes);
      if (found !== hash) yield problemOf({ code: "blob-wrong", file: path, by, detail: `it is ${found}` });
    } catch (error) {
      if (errno(error) === undefined) throw error;
      if (errno(error) !== "ENOENT")
        yield problemOf({ code: "unreadable", file: path, by: "nobody", detail: (error as Error).message });
    }
    await giveWay();
  }
}

async function* filesOf({ vfs, layout, remote }: StoreState): AsyncGenerator<{ path: string; hash: string }> {
  if (remote !== undefined) {
    for await (const hash of remote.attachments()) {
      await remote.lookForBlob(hash);
      yield { path: layout.blob(hash, ""), hash };
    }
    return;
  }
  for await (const directory of vfs.streamNames(layout.blobs)) {
    for await (const name of vfs.streamNames(join(layout.blobs, directory))) {
      const hash = hashIn(name);
      if (hash?.startsWith(directory) === true) yield { path: join(layout.blobs, directory, name), hash };
    }
  }
}

async function hashOf(file: VfsFile, onBytes: (bytes: number) => void): Promise<string> {
  const hash = crypto().createHash("sha256");
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

/** A line that names an attachment of which there is no file. */
export interface MissingBlob {
  readonly offset: number;
  readonly bytes: number;
  readonly hash: string;
}

/** Where a log does that. What looks so in a caller's own object, or in a piece that is no line, names nothing. */
export async function missingBlobs(
  { blobs, remote }: StoreState,
  log: Inspected,
  signal?: AbortSignal,
): Promise<MissingBlob[]> {
  const { file, stat } = log;
  const missing: MissingBlob[] = [];
  const seen = new Map<string, boolean>();
  const isThere = (hash: string): boolean => {
    let known = seen.get(hash);
    if (known !== undefined) return known;
    known = blobs.find(hash).next().done !== true;
    if (seen.size > MOST_SEEN) seen.clear();
    seen.set(hash, known);
    return known;
  };
  const onName = (hash: string, offset: number): void => {
    if (isThere(hash) || missing.at(-1)?.offset === offset) return;
    missing.push({ offset, bytes: `"$blob":"sha256-${hash}"`.length, hash });
  };
  await blobNames(file, stat.size, onName, signal);
  const named: MissingBlob[] = [];
  for (const each of missing) {
    await giveWay();
    await remote?.lookForBlob(each.hash);
    if (remote !== undefined && blobs.find(each.hash).next().done !== true) continue;
    if (isNamed(log, each)) named.push(each);
  }
  return named;
}

/** True when the line here is a message or part that has the reference, and not only its look. */
function isNamed({ file, examination: { lines } }: Inspected, { offset, hash }: MissingBlob): boolean {
  let first = 0;
  for (let end = lines.length; first < end;) {
    const middle = (first + end) >>> 1;
    if (lines.offset(middle) <= offset) first = middle + 1;
    else end = middle;
  }
  const row = first - 1;
  if (row < 0 || offset >= lines.offset(row) + lines.size(row)) return false;
  const bytes = Buffer.allocUnsafe(lines.size(row));
  const line = decodeLine(bytes, 0, file.read(bytes, 0, bytes.length, lines.offset(row)));
  if (line?.type !== "message" && line?.type !== "part") return false;
  return openBlobs(line.data).sites.some(({ value }) => value.$blob === `sha256-${hash}`);
}
