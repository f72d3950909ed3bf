// better-sqlite3 with opencode's three tables: what opencode's users have.
import { openDatabase } from "./better-sqlite3.mjs";
import { OPENCODE, opencodeSessions } from "./sqlite-tables.mjs";

export const title = "better-sqlite3, three tables";
export const isSync = true;

/** @type {import("./contender.mjs").Contender["open"]} */
export function open(directory, { durability }) {
  const database = openDatabase(directory, durability, OPENCODE);
  return { session: opencodeSessions(database), close: () => database.close() };
}
