// One flat table, and one transaction for all that came in one turn of the event loop.
import { openDatabase } from "./better-sqlite3.mjs";
import { grouped } from "./grouped.mjs";
import { FLAT, flatSessions } from "./sqlite-tables.mjs";

export const title = "better-sqlite3, flat, grouped";

/** @type {import("./contender.mjs").Contender["open"]} */
export function open(directory, { durability }) {
  const database = openDatabase(directory, durability, FLAT);
  return { session: grouped(database, flatSessions(database)), close: () => database.close() };
}
