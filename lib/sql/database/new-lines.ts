// A session's lines as they are written and removed, in statements of bounded size.
import { isUtf8 } from "node:buffer";
import type { Insertable } from "kysely";
import { putChunks, removeChunks } from "./chunks.ts";
import type { LineTable, Runner } from "./schema.ts";
import type { NewLine } from "./stored.ts";

/** Of six columns each, 2,100 parameters being the most. */
const MOST_ROWS = 300;
/** A statement's texts. Each byte may be escaped, and some servers take 4 MB. */
const STATEMENT_BYTES = 1024 * 1024;
const TEXT_BYTES = 1024 * 1024;
const HEAD_CHARACTERS = 400;
const BOM = Buffer.from("\ufeff");

type Row = Insertable<LineTable>;

export async function insertLines(on: Runner, session: string, lines: readonly NewLine[]): Promise<void> {
  let rows: Row[] = [];
  let bytes = 0;
  const put = async (): Promise<void> => {
    if (rows.length > 0) await on.db.insertInto("line").values(rows).execute();
    rows = [];
    bytes = 0;
  };
  for (const line of lines) {
    const row = await rowOf(on, session, line);
    const length = Buffer.byteLength(row.text);
    if (rows.length === MOST_ROWS || bytes + length > STATEMENT_BYTES) await put();
    rows.push(row);
    bytes += length;
  }
  await put();
}

export async function removeLines(on: Runner, session: string, from: number, to: number): Promise<void> {
  const chunked = await on.db
    .selectFrom("line")
    .select("chunks")
    .where("session", "=", session)
    .where("position", ">=", from)
    .where("position", "<", to)
    .where("chunks", "<>", "")
    .execute();
  await removeChunks(
    on,
    session,
    chunked.map(({ chunks }) => chunks),
  );
  await on.db
    .deleteFrom("line")
    .where("session", "=", session)
    .where("position", ">=", from)
    .where("position", "<", to)
    .execute();
}

async function rowOf(on: Runner, session: string, { position, stamp, bytes }: NewLine): Promise<Row> {
  const isText = bytes.length <= TEXT_BYTES && comesBack(bytes);
  return {
    session,
    position,
    stamp,
    length: bytes.length,
    chunks: isText ? "" : await putChunks(on, session, bytes),
    text: isText ? bytes.toString() : headOf(bytes),
  };
}

/** False of what no text column gives back as it is: such a line lies in chunks whole. Some drivers drop a BOM. */
function comesBack(bytes: Buffer): boolean {
  return isUtf8(bytes) && !bytes.includes(0) && !bytes.subarray(0, BOM.length).equals(BOM);
}

/** For people who look: a text column can hold no NUL. */
function headOf(bytes: Buffer): string {
  // No character has more than four bytes.
  const text = bytes
    .toString("utf8", 0, HEAD_CHARACTERS * 4)
    .toWellFormed()
    .replaceAll("\0", "\ufffd");
  return Array.from(text).slice(0, HEAD_CHARACTERS).join("");
}
