// better-sqlite3, opened as opencode opens its database. NORMAL: a commit is in the kernel when it returns; FULL: on the disk.
import fs from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { PRAGMAS } from "./sqlite-tables.mjs";

/**
 * @param {string} directory
 * @param {import("./contender.mjs").Durability} durability
 * @param {string} schema
 */
export function openDatabase(directory, durability, schema) {
  fs.mkdirSync(directory, { recursive: true });
  const path = join(directory, "sessions.db");
  const isNew = !fs.existsSync(path);
  const database = new Database(path);
  for (const pragma of PRAGMAS) database.pragma(pragma);
  database.pragma(`synchronous = ${durability === "power" ? "FULL" : "NORMAL"}`);
  database.pragma("foreign_keys = ON");
  if (isNew) database.exec(schema);
  return database;
}
