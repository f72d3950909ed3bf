// Listings: pages by keyset, so that the thousandth costs what the first does.
import { sql } from "kysely";
import type { SelectQueryBuilder } from "kysely";
import { clampMs } from "../../line/stamp.ts";
import { msOf } from "../../store/list/filter.ts";
import type { SessionFilter } from "../../store/list/filter.ts";
import { contains, first } from "./dialect.ts";
import type { Ask, Runner, Tables } from "./schema.ts";
import { keyOf, sessionOf, SHOWN } from "./sessions.ts";
import type { ModifiedSession, PageQuery, StoredSession } from "./stored.ts";

const TRASH_PAGE = 500;

export async function pageOf(on: Runner, query: PageQuery): Promise<StoredSession[]> {
  const { order, direction, from, filter, limit } = query;
  const accepted = accepting(on, on.db.selectFrom("session").select(SHOWN), filter);
  if (accepted === undefined) return [];
  const [older, later] = direction === 1 ? (["<", ">"] as const) : ([">", "<"] as const);
  let found = accepted;
  if (from !== undefined) {
    // The first condition says nothing that the second does not, but it bounds the walk of the index.
    found = found
      .where(order, `${older}=`, from.stamp)
      .where((is) => is.or([is(order, older, from.stamp), is("name", later, from.name)]));
  }
  found = found.orderBy(order, direction === 1 ? "desc" : "asc").orderBy("name", direction === 1 ? "asc" : "desc");
  return (await first(on, found, limit).execute()).map(sessionOf);
}

export async function countOf(on: Runner, filter: SessionFilter): Promise<number> {
  const query = on.db.selectFrom("session").select(rowCount(on).as("found"));
  const found = await accepting(on, query, filter)?.executeTakeFirst();
  return Number(found?.found ?? 0);
}

/** What `acceptor()` of the listings in files takes, said to the database; undefined: nothing. */
function accepting<O>(
  on: Runner,
  query: SelectQueryBuilder<Tables, "session", O>,
  filter: SessionFilter,
): SelectQueryBuilder<Tables, "session", O> | undefined {
  const { project, directory, parent, all, archived, pinned, title, tags } = filter;
  const sinceMs = msOf(filter.since);
  let found = query.where("kind", "=", 0);
  if (parent !== undefined || all !== true) found = found.where("parent_key", "=", keyOf(parent));
  if (project !== undefined) found = found.where("project_key", "=", keyOf(project));
  if (directory !== undefined) found = found.where("directory_key", "=", keyOf(directory));
  if (title !== undefined) found = found.where("title_key", "=", keyOf(title));
  if (archived !== undefined) found = found.where("archived", "=", archived ? 1 : 0);
  if (pinned !== undefined) found = found.where("pinned", "=", pinned ? 1 : 0);
  for (const tag of tags ?? []) found = found.where(contains(on, sql.ref("tags"), ` ${keyOf(tag)} `));
  if (sinceMs === Number.NEGATIVE_INFINITY) return found;
  // No session is listed as active later than now.
  if (sinceMs > Date.now()) return undefined;
  // A stamp begins with its time.
  return found.where("updated", ">=", new Date(clampMs(Math.ceil(sinceMs))).toISOString());
}

export async function sessionsAfter(on: Runner, after: string | undefined, limit: number): Promise<StoredSession[]> {
  let query = on.db.selectFrom("session").select(SHOWN).orderBy("name");
  if (after !== undefined) query = query.where("name", ">", after);
  return (await first(on, query, limit).execute()).map(sessionOf);
}

export async function* trashOf(ask: Ask): AsyncGenerator<StoredSession[]> {
  for (let last: StoredSession | undefined; ;) {
    const mark = last;
    const found = await ask(async (on) => {
      let query = on.db.selectFrom("session").select(SHOWN).where("deleted_ms", ">", 0);
      if (mark !== undefined) {
        const { deletedMs, name } = mark;
        query = query
          .where("deleted_ms", ">=", deletedMs)
          .where((is) => is.or([is("deleted_ms", ">", deletedMs), is("name", ">", name)]));
      }
      return (await first(on, query.orderBy("deleted_ms").orderBy("name"), TRASH_PAGE).execute()).map(sessionOf);
    });
    if (found.length > 0) yield found;
    if (found.length < TRASH_PAGE) return;
    last = found.at(-1);
  }
}

export async function modifiedIn(
  on: Runner,
  ms: number,
  limit: number,
  after?: { ms: number; name: string },
): Promise<ModifiedSession[]> {
  let query = on.db.selectFrom("session").select(SHOWN).where("modified", ">=", ms);
  if (after !== undefined) {
    query = query
      .where("modified", ">=", after.ms)
      .where((is) => is.or([is("modified", ">", after.ms), is("name", ">", after.name)]));
  }
  const rows = await first(on, query.orderBy("modified").orderBy("name"), limit).execute();
  return rows.map((row) => ({ session: sessionOf(row), modified: Number(row.modified) }));
}

export async function blobTotalsOf(on: Runner): Promise<{ blobs: number; bytes: number }> {
  const found = await on.db
    .selectFrom("blob")
    .select([rowCount(on).as("found"), (make) => make.fn.sum("bytes").as("bytes")])
    .executeTakeFirstOrThrow();
  return { blobs: Number(found.found), bytes: Number(found.bytes ?? 0) };
}

/** SQL Server's count(*) ends at 2^31. */
function rowCount({ dialect }: Runner): ReturnType<typeof sql<number | string>> {
  return dialect === "mssql" ? sql`count_big(*)` : sql`count(*)`;
}
