// better-sqlite3 with one table: the strongest opponent of its kind.
import { openDatabase } from "./better-sqlite3.mjs";
import { FLAT, flatSessions } from "./sqlite-tables.mjs";

export const title = "better-sqlite3, flat";
export const isSync = true;

/** @type {import("./contender.mjs").Contender["open"]} */
export function open(directory, { durability }) {
  const database = openDatabase(directory, durability, FLAT);
  return { session: flatSessions(database), close: () => database.close() };
}
