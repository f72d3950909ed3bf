// Attachments, each once for all sessions. One is there when its row is, which comes after its chunks.
import { sql } from "kysely";
import { StoreError } from "../../base/errors.ts";
import { chunk, CHUNK_BYTES, newOwner, putChunk, removeChunks } from "./chunks.ts";
import { first } from "./dialect.ts";
import type { Runner } from "./schema.ts";
import type { StoredBlob } from "./stored.ts";

interface Known {
  readonly bytes: number;
  readonly chunks: string;
}

type Listed = Pick<StoredBlob, "hash" | "createdMs">;

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
  const now = Date.now();
  // Always another time than before: whoever is about to remove it as it was must not find it so.
  const created_ms = sql<number>`case when created_ms < ${now} then ${now} else created_ms + 1 end`;
  const { numUpdatedRows } = await db
    .updateTable("blob")
    .set({ created_ms })
    .where("hash", "=", hash)
    .executeTakeFirst();
  if (numUpdatedRows > 0n) return;
  const chunks = newOwner();
  try {
    const bytes = await putPieces(on, keyOf(hash), chunks, pieces());
    await db.insertInto("blob").values({ hash, bytes, chunks, created_ms: now }).execute();
  } catch (error) {
    try {
      // The other who put it was the first, or the bytes ended. In a transaction all is undone in any case.
      await removeChunks(on, keyOf(hash), [chunks]);
    } catch {
      // The first error says why.
    }
    throw error;
  }
}

/** -> how many bytes there were */
async function putPieces(on: Runner, session: string, owner: string, pieces: AsyncIterable<Buffer>): Promise<number> {
  let part = 0;
  let bytes = 0;
  let rest = Buffer.alloc(0);
  for await (const piece of pieces) {
    bytes += piece.length;
    rest = Buffer.concat([rest, piece]);
    for (; rest.length >= CHUNK_BYTES; rest = rest.subarray(CHUNK_BYTES))
      await putChunk(on, session, owner, part++, rest.subarray(0, CHUNK_BYTES));
  }
  if (rest.length > 0 || part === 0) await putChunk(on, session, owner, part, rest);
  return bytes;
}

/** Where it was put again since then, it stays. -> whether it went */
export async function removeBlob(on: Runner, { hash, createdMs }: Listed): Promise<boolean> {
  const blob = await known(on, hash);
  if (blob === undefined) return false;
  const { numDeletedRows } = await on.db
    .deleteFrom("blob")
    .where("hash", "=", hash)
    .where("chunks", "=", blob.chunks)
    .where("created_ms", "=", createdMs)
    .executeTakeFirst();
  if (numDeletedRows === 0n) return false;
  await removeChunks(on, keyOf(hash), [blob.chunks]);
  return true;
}

export async function listBlobs(on: Runner, after: string | undefined, limit: number): Promise<StoredBlob[]> {
  let query = on.db.selectFrom("blob").select(["hash", "bytes", "created_ms"]).orderBy("hash");
  if (after !== undefined) query = query.where("hash", ">", after);
  const rows = await first(on, query, limit).execute();
  return rows.map(({ hash, bytes, created_ms }) => ({ hash, bytes: Number(bytes), createdMs: Number(created_ms) }));
}
