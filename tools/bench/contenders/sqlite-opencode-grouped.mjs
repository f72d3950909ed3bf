// opencode's three tables with what an application can do about many appends at once: one transaction for all that came
// in one turn of the event loop.
import { openDatabase } from "./better-sqlite3.mjs";
import { grouped } from "./grouped.mjs";
import { OPENCODE, opencodeSessions } from "./sqlite-tables.mjs";

export const title = "better-sqlite3, three tables, grouped";

/** @type {import("./contender.mjs").Contender["open"]} */
export function open(directory, { durability }) {
  const database = openDatabase(directory, durability, OPENCODE);
  return { session: grouped(database, opencodeSessions(database)), close: () => database.close() };
}
