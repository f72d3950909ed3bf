// Attachments, each once for all sessions. One is there when its row is, which comes after its chunks.
import { StoreError } from "../base/errors.ts";
import { chunk, CHUNK_BYTES, newOwner, putChunk, removeChunks } from "./chunks.ts";
import { first } from "./dialect.ts";
import type { Runner } from "./schema.ts";
import type { StoredBlob } from "./stored.ts";

interface Known {
  readonly bytes: number;
  readonly chunks: string;
}

/** What its chunks are kept under: no session's name begins so. */
function keyOf(hash: string): string {
  return `~${hash}`;
}

async function known({ db }: Runner, hash: string): Promise<Known | undefined> {
  const row = await db.selectFrom("blob").select(["bytes", "chunks"]).where("hash", "=", hash).executeTakeFirst();
  return row && { bytes: Number(row.bytes), chunks: row.chunks };
}

export async function blobBytes(on: Runner, hash: string): Promise<number | undefined> {
  return (await known(on, hash))?.bytes;
}

export async function readBlob(on: Runner, hash: string, from: number, to: number): Promise<Buffer> {
  const blob = await known(on, hash);
  const pieces: Buffer[] = [];
  const begin = Math.floor(from / CHUNK_BYTES);
  for (let part = begin; part * CHUNK_BYTES < to; part++) {
    const piece = blob && (await chunk(on, keyOf(hash), blob.chunks, part));
    if (piece === undefined) throw new StoreError("NOT_FOUND", `attachment ${hash} was removed while it was read`);
    pieces.push(piece);
  }
  const offset = from - begin * CHUNK_BYTES;
  return Buffer.concat(pieces).subarray(offset, offset + to - from);
}

/** If we crash in here outside a transaction, there are chunks that nothing names. */
export async function putBlob(on: Runner, hash: string, pieces: () => AsyncIterable<Buffer>): Promise<void> {
  const { db } = on;
  const created_ms = Date.now();
  const { numUpdatedRows } = await db
    .updateTable("blob")
    .set({ created_ms })
    .where("hash", "=", hash)
    .executeTakeFirst();
  // MySQL counts no row that has this time already.
  if (numUpdatedRows > 0n || (await known(on, hash)) !== undefined) return;
  const chunks = newOwner();
  let part = 0;
  let bytes = 0;
  let rest = Buffer.alloc(0);
  const put = async (data: Buffer): Promise<void> => await putChunk(on, keyOf(hash), chunks, part++, data);
  for await (const piece of pieces()) {
    bytes += piece.length;
    rest = Buffer.concat([rest, piece]);
    for (; rest.length >= CHUNK_BYTES; rest = rest.subarray(CHUNK_BYTES)) await put(rest.subarray(0, CHUNK_BYTES));
  }
  if (rest.length > 0 || part === 0) await put(rest);
  await db.insertInto("blob").values({ hash, bytes, chunks, created_ms }).execute();
}

export async function removeBlob(on: Runner, hash: string): Promise<void> {
  const blob = await known(on, hash);
  if (blob === undefined) return;
  await on.db.deleteFrom("blob").where("hash", "=", hash).execute();
  await removeChunks(on, keyOf(hash), [blob.chunks]);
}

export async function listBlobs(on: Runner, after: string | undefined, limit: number): Promise<StoredBlob[]> {
  let query = on.db.selectFrom("blob").select(["hash", "bytes", "created_ms"]).orderBy("hash");
  if (after !== undefined) query = query.where("hash", ">", after);
  const rows = await first(on, query, limit).execute();
  return rows.map(({ hash, bytes, created_ms }) => ({ hash, bytes: Number(bytes), createdMs: Number(created_ms) }));
}
