// Search in titles and ids, by what the database has for it.
import { sql } from "kysely";
import type { SelectQueryBuilder } from "kysely";
import { contains, first, lastWith } from "./dialect.ts";
import type { Runner, Tables } from "./schema.ts";
import { sessionOf, SHOWN } from "./sessions.ts";
import type { ShownRow } from "./sessions.ts";
import type { StoredSession, TitleQuery } from "./stored.ts";
import { searchedPart, titleText } from "./title-text.ts";

/** A shorter beginning of an id would be that of too many. */
const LEAST_OF_ID = 4;
/** MySQL's index knows the bigrams of a text; of these characters some have a meaning in its query. */
const BIGRAMS = /^[\p{L}\p{N}]{2,}$/u;
/** Of more ids that begin alike these are looked at. */
const MOST_OF_ID = 1000;

type Mark = Pick<ShownRow, "updated" | "name">;
type Sessions = SelectQueryBuilder<Tables, "session", ShownRow>;

export async function searchSessions(on: Runner, { words, key, limit }: TitleQuery): Promise<StoredSession[]> {
  const rows = await newest(on, withWords(on, sessions(on), words), limit);
  const named = key === "" ? [] : await withId(on, key, limit);
  const seen = new Set(rows.map(({ name }) => name));
  const all = [...rows, ...named.filter(({ name }) => !seen.has(name))];
  if (named.length > 0) all.sort(newestFirst);
  return all.slice(0, limit).map(sessionOf);
}

function sessions({ db }: Runner): Sessions {
  return db.selectFrom("session").select(SHOWN).where("kind", "=", 0);
}

function withWords(on: Runner, query: Sessions, words: readonly string[]): Sessions {
  let found = query;
  for (const word of words) {
    const part = searchedPart(word);
    found = found.where(contains(on, sql.ref("title_text"), titleText(on.dialect, part)));
    if (on.hasBigrams && BIGRAMS.test(part)) {
      found = found.where(sql<boolean>`match(${sql.ref("title_text")}) against (${`+"${part}"`} in boolean mode)`);
    }
  }
  return found;
}

/**
 * The newest of those whose id it is, or begins with it. They come in the order of their ids: were the newest asked for, some
 * databases would go through all sessions by their stamps instead, to find one.
 */
async function withId(on: Runner, key: string, limit: number): Promise<ShownRow[]> {
  const part = searchedPart(key);
  const isWhole = key.length < LEAST_OF_ID;
  const query = on.db
    .selectFrom("session")
    .select(["name", "updated", "id_text"])
    .where("kind", "=", 0)
    .where("id_text", isWhole ? "=" : ">=", part);
  const bounded = isWhole ? query : query.where("id_text", "<=", lastWith(on, part));
  const found = await first(on, bounded.orderBy("id_text"), MOST_OF_ID).execute();
  // To some databases two texts are equal if they differ in the spaces at their ends.
  const named = found.filter(({ id_text }) => (isWhole ? id_text === part : id_text.startsWith(part)));
  const names = named
    .sort(newestFirst)
    .slice(0, limit)
    .map(({ name }) => name);
  return names.length === 0 ? [] : await sessions(on).where("name", "in", names).execute();
}

function newestFirst(a: Mark, b: Mark): number {
  if (a.updated === b.updated) return a.name < b.name ? -1 : 1;
  return a.updated > b.updated ? -1 : 1;
}

/** Newest first. An index of titles is asked for the hits, not the index of stamps for one title after another. */
async function newest(on: Runner, query: Sessions, limit: number): Promise<ShownRow[]> {
  return first(on, query.orderBy("updated", "desc").orderBy("name"), limit).execute();
}
