// Sessions by their title, as the database finds them.
import { ArgumentError } from "../base/errors.ts";
import { checkOptions } from "../base/options.ts";
import type { TitleSearchOptions } from "../indexes/titles/search.ts";
import { RANKS, rankOf } from "../indexes/titles/rank.ts";
import type { TitleHit } from "../indexes/titles/title.ts";
import { fold, queryOf } from "../line/searched.ts";
import { parseStamp } from "../line/stamp.ts";
import { checkCount } from "../store/state.ts";
import type { Database } from "./database/database.ts";
import type { StoredSession } from "./database/stored.ts";

const DEFAULT_LIMIT = 50;
/** Of so many, the newest, "best" takes the best. */
const MOST_RANKED = 1000;
/** A shorter beginning of an id is none. */
const LEAST_OF_ID = 4;
const MOST_CHARACTERS = 500;

export async function searchTitles(database: Database, text: string, options: TitleSearchOptions): Promise<TitleHit[]> {
  checkOptions("searchTitles", options, ["limit", "order"]);
  if (typeof text !== "string") throw new ArgumentError("INVALID_ARGUMENT", "searchTitles() takes a text");
  if (options.limit !== undefined) checkCount("limit", options.limit, 1);
  const { limit = DEFAULT_LIMIT, order = "updated" } = options;
  if (order !== "updated" && order !== "best")
    throw new ArgumentError("INVALID_ARGUMENT", 'order is "updated" or "best"');
  const { words, key } = queryOf(text);
  const most = order === "best" ? Math.max(limit, MOST_RANKED) : limit;
  let found = await database.search({ words, key, limit: most });
  if (order === "best") found = ranked(found, words);
  const meant = meantBy(found, key);
  return [...meant, ...found.filter((each) => !meant.includes(each))].slice(0, limit).map(hitOf);
}

/** Those whose id it is; else the only one whose id begins with it. */
function meantBy(found: readonly StoredSession[], key: string): StoredSession[] {
  if (key === "") return [];
  const equal = found.filter(({ id }) => fold(id) === key);
  if (equal.length > 0 || key.length < LEAST_OF_ID) return equal;
  const begun = found.filter(({ id }) => fold(id).startsWith(key));
  return begun.length === 1 ? begun : [];
}

function ranked(found: readonly StoredSession[], words: readonly string[]): StoredSession[] {
  const ranks: StoredSession[][] = Array.from({ length: RANKS }, () => []);
  for (const each of found) ranks[rankOf(fold(textOf(each)), words)]?.push(each);
  return ranks.flat();
}

function textOf({ info, prompt }: StoredSession): string {
  return ((info["title"] as string | undefined) ?? prompt ?? "").slice(0, MOST_CHARACTERS).toWellFormed();
}

function hitOf(session: StoredSession): TitleHit {
  const { id, info, updated } = session;
  return {
    id,
    text: textOf(session),
    isPrompt: info["title"] === undefined,
    archived: info["archived"] === true,
    updatedMs: parseStamp(updated)?.ms ?? Number.NEGATIVE_INFINITY,
  };
}
