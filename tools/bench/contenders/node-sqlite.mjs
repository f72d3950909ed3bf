// Node's own SQLite, with one flat table.
import fs from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { FLAT, flatSessions, PRAGMAS } from "./sqlite-tables.mjs";

export const title = "node:sqlite, flat";
export const isSync = true;

/** @type {import("./contender.mjs").Contender["open"]} */
export function open(directory, { durability }) {
  fs.mkdirSync(directory, { recursive: true });
  const path = join(directory, "sessions.db");
  const isNew = !fs.existsSync(path);
  const database = new DatabaseSync(path);
  for (const pragma of PRAGMAS) database.exec(`PRAGMA ${pragma}`);
  database.exec(`PRAGMA synchronous = ${durability === "power" ? "FULL" : "NORMAL"}`);
  if (isNew) database.exec(FLAT);
  return { session: flatSessions(database), close: () => database.close() };
}
