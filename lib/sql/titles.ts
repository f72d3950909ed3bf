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
/** So many ids that begin alike are told apart by their age. */
const MOST_NAMED = 1000;
/** MySQL's index knows the bigrams of a text; of these characters some have a meaning in its query. */
const BIGRAMS = /^[\p{L}\p{N}]{2,}$/u;

type Sessions = SelectQueryBuilder<Tables, "session", ShownRow>;

export async function searchSessions(on: Runner, { words, key, limit }: TitleQuery): Promise<StoredSession[]> {
  const rows = await newest(on, withWords(on, sessions(on), words), limit);
  const named = key === "" ? [] : await withId(on, key, limit);
  const seen = new Set(rows.map(({ name }) => name));
  const all = [...rows, ...named.filter(({ name }) => !seen.has(name))].map(sessionOf);
  if (named.length > 0) {
    all.sort((a, b) => (a.updated === b.updated ? (a.name < b.name ? -1 : 1) : a.updated > b.updated ? -1 : 1));
  }
  return all.slice(0, limit);
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

/** In the order of the ids: for the newest of them a server may go through all sessions instead of the few that fit. */
async function withId(on: Runner, key: string, limit: number): Promise<ShownRow[]> {
  const part = searchedPart(key);
  const query = sessions(on);
  const named =
    key.length < LEAST_OF_ID
      ? query.where("id_text", "=", part)
      : query.where("id_text", ">=", part).where("id_text", "<=", lastWith(on, part));
  return first(on, named.orderBy("id_text"), Math.max(limit, MOST_NAMED)).execute();
}

/** Newest first. An index of titles is asked for the hits, not the index of stamps for one title after another. */
async function newest(on: Runner, query: Sessions, limit: number): Promise<ShownRow[]> {
  return first(on, query.orderBy("updated", "desc").orderBy("name"), limit).execute();
}
