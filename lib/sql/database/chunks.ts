// Bytes in pieces: no server takes a packet of any size.
import { crypto } from "../../base/crypto.ts";
import { StoreError } from "../../base/errors.ts";
import type { Runner } from "./schema.ts";

export const CHUNK_BYTES: number = 512 * 1024;

/** Between two statements of a reader its line was replaced: it is to be read again. If that never helps, it is damage. */
export class RemovedError extends StoreError {
  constructor(session: string) {
    super("DAMAGED", `a line of session ${session} lacks some of its bytes`);
  }
}

/** Puts the bytes, and tells what they are known by. Nothing is ever written over: a reader sees all of one, or a gap. */
export async function putChunks(on: Runner, session: string, bytes: Buffer): Promise<string> {
  const owner = newOwner();
  for (let part = 0; part === 0 || part * CHUNK_BYTES < bytes.length; part++)
    await putChunk(on, session, owner, part, bytes.subarray(part * CHUNK_BYTES, (part + 1) * CHUNK_BYTES));
  return owner;
}

export function newOwner(): string {
  return crypto().randomBytes(16).toString("hex");
}

export async function putChunk(
  { db }: Runner,
  session: string,
  owner: string,
  part: number,
  data: Buffer,
): Promise<void> {
  await db.insertInto("chunk").values({ session, owner, part, data }).execute();
}

/** Undefined: it was removed. */
export async function chunk({ db }: Runner, session: string, owner: string, part: number): Promise<Buffer | undefined> {
  const row = await db
    .selectFrom("chunk")
    .select("data")
    .where("session", "=", session)
    .where("owner", "=", owner)
    .where("part", "=", part)
    .executeTakeFirst();
  return row && bufferOf(row.data);
}

/** All the bytes. Rejects with RemovedError where they are not `length`. */
export async function wholeOf({ db }: Runner, session: string, owner: string, length: number): Promise<Buffer> {
  const rows = await db
    .selectFrom("chunk")
    .select("data")
    .where("session", "=", session)
    .where("owner", "=", owner)
    .orderBy("part")
    .execute();
  const bytes = Buffer.concat(rows.map(({ data }) => bufferOf(data)));
  if (bytes.length !== length) throw new RemovedError(session);
  return bytes;
}

export async function removeChunks({ db }: Runner, session: string, owners: readonly string[]): Promise<void> {
  for (const owner of owners) {
    await db.deleteFrom("chunk").where("session", "=", session).where("owner", "=", owner).execute();
  }
}

function bufferOf(data: Uint8Array): Buffer {
  return Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
