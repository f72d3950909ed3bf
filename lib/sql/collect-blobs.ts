// Attachments that nothing names go: no line of any session, nor of what the trash has. And for long: one is there before the line
// that names it.
import type { BlobCollection } from "../base/compaction.ts";
import type { Blobs } from "../disk/blobs.ts";
import type { CollectOptions } from "../store/blobs/blob-collect.ts";
import type { Database } from "./database/database.ts";
import type { StoredBlob } from "./database/stored.ts";

const PAGE_ROWS = 500;
const NAME = /sha256-([0-9a-f]{64})/g;

/** `windowMs`: for how long one stays that nothing names. Memory is bounded by the number of attachments. */
export async function collectBlobs(
  database: Database,
  blobs: Blobs,
  { erase, signal }: CollectOptions,
  windowMs: number,
): Promise<BlobCollection> {
  const unnamed = new Map<string, StoredBlob>();
  for (let after: string | undefined; ;) {
    const rows = await database.blobs(after, PAGE_ROWS);
    for (const blob of rows)
      if (erase?.has(blob.hash) === true || Date.now() - blob.createdMs > windowMs) unnamed.set(blob.hash, blob);
    after = rows.at(-1)?.hash;
    if (rows.length < PAGE_ROWS) break;
  }
  const done = { trashed: 0, removed: 0, bytes: 0 };
  if (unnamed.size === 0) return done;
  for await (const lines of database.linesWithBlobs()) {
    signal?.throwIfAborted();
    for (const { bytes } of lines)
      for (const [, hash = ""] of bytes.toString("latin1").matchAll(NAME)) unnamed.delete(hash);
  }
  for (const blob of unnamed.values()) {
    signal?.throwIfAborted();
    if (!(await database.removeBlob(blob))) continue;
    blobs.forget(blob.hash);
    done.removed++;
    done.bytes += blob.bytes;
  }
  return done;
}
