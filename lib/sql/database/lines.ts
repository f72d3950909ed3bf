// A session's lines as they are read: by position.
import type { SelectQueryBuilder } from "kysely";
import { wholeOf } from "./chunks.ts";
import { first } from "./dialect.ts";
import { logOf } from "./log-lines.ts";
import type { Ask, LineTable, Runner, Tables } from "./schema.ts";
import type { StoredLine } from "./stored.ts";

const COLUMNS = ["position", "length", "chunks", "text"] as const;
type Row = Pick<LineTable, "chunks" | "text"> & Record<"position" | "length", number | string>;
/** What may name an attachment has this in its text. */
const BLOB = '%"$blob"%';
const MOST_WITH_BLOBS = 200;

/** From the line on that covers `from`. */
export async function linesIn(on: Runner, session: string, from: number, to: number): Promise<StoredLine[]> {
  const { db } = on;
  const before = db
    .selectFrom("line")
    .where("session", "=", session)
    .where("position", "<=", from)
    .where("position", ">=", logOf(from));
  // PostgreSQL takes max() from all of a log's lines until its statistics know them; MySQL compares with what is ordered line by line.
  const last =
    on.dialect === "postgres"
      ? before.select("position as last").orderBy("position", "desc").limit(1)
      : before.select((make) => make.fn.max("position").as("last"));
  const query = db
    .selectFrom("line")
    .select(COLUMNS)
    .where("session", "=", session)
    .where("position", ">=", (make) => make.fn.coalesce(last, make.val(from)))
    .where("position", "<", to);
  return await whole(on, session, query.orderBy("position"));
}

export async function* linesWithBlobs(ask: Ask): AsyncGenerator<StoredLine[]> {
  for (let last: { session: string; position: number } | undefined; ;) {
    const mark = last;
    const lines = await ask(async (on) => {
      let query = on.db
        .selectFrom("line")
        .select([...COLUMNS, "session"])
        .where((is) => is.or([is("text", "like", BLOB), is("chunks", "<>", "")]));
      if (mark !== undefined) {
        query = query
          .where("session", ">=", mark.session)
          .where((is) => is.or([is("session", ">", mark.session), is("position", ">", mark.position)]));
      }
      const rows = await first(on, query.orderBy("session").orderBy("position"), MOST_WITH_BLOBS).execute();
      const end = rows.at(-1);
      last = end && { session: end.session, position: Number(end.position) };
      const found: StoredLine[] = [];
      for (const row of rows) found.push(await lineOf(on, row.session, row));
      return found;
    });
    if (lines.length > 0) yield lines;
    if (lines.length < MOST_WITH_BLOBS) return;
  }
}

async function whole(
  on: Runner,
  session: string,
  query: SelectQueryBuilder<Tables, "line", Row>,
): Promise<StoredLine[]> {
  const lines: StoredLine[] = [];
  for (const row of await query.execute()) lines.push(await lineOf(on, session, row));
  return lines;
}

async function lineOf(on: Runner, session: string, { position, length, chunks, text }: Row): Promise<StoredLine> {
  const bytes = chunks === "" ? Buffer.from(text) : await wholeOf(on, session, chunks, Number(length));
  return { position: Number(position), bytes };
}
