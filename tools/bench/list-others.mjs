// The same sessions as other stores would keep them: each by its id, and an index of the newest where there can be one.
import fs from "node:fs";
import { join } from "node:path";
import Datastore from "@seald-io/nedb";
import { ClassicLevel } from "classic-level";
import { open } from "lmdb";

/** A file each, and nothing that tells which are the newest: asked of so many at most. */
export const MOST_FILES = 10_000;

/** @typedef {import("./session-data.mjs").SessionData} SessionData */
/** @typedef {"lmdb" | "level" | "nedb" | "files"} Other */

/** @type {Record<Other, string>} */
export const OTHERS = {
  lmdb: "lmdb",
  level: "classic-level",
  nedb: "@seald-io/nedb",
  files: "a JSON file per record",
};

/** @param {number} time */
export function timeKey(time) {
  return String(time).padStart(15, "0");
}

/**
 * @param {Other} name
 * @param {string} path
 * @param {Iterable<SessionData>} sessions
 */
export async function fillOther(name, path, sessions) {
  const rows = [...sessions].map(({ id, created, updated, info }) => ({ id, created, updated, ...info }));
  await fillers[name](path, rows);
}

/** @typedef {SessionData["info"] & { id: string, created: number, updated: number }} Row */

/** @type {Record<Other, (path: string, rows: Row[]) => Promise<void>>} */
const fillers = {
  async lmdb(path, rows) {
    const database = open({ path });
    await database.transaction(() => {
      for (const row of rows) {
        void database.put(row.id, row);
        if (row.parent === undefined) void database.put(["updated", row.updated], row.id);
      }
    });
    await database.flushed;
    await database.close();
  },
  async level(path, rows) {
    const database = new ClassicLevel(path, { valueEncoding: "json" });
    await database.open();
    for (let start = 0; start < rows.length; start += 1000) {
      const puts = rows
        .slice(start, start + 1000)
        .flatMap((row) => [
          { type: /** @type {const} */ ("put"), key: `session!${row.id}`, value: row },
          ...(row.parent === undefined
            ? [{ type: /** @type {const} */ ("put"), key: `updated!${timeKey(row.updated)}`, value: row.id }]
            : []),
        ]);
      await database.batch(puts);
    }
    await database.close();
  },
  async nedb(path, rows) {
    fs.mkdirSync(path, { recursive: true });
    const lines = rows.map((row) => JSON.stringify({ ...row, _id: row.id }));
    fs.writeFileSync(join(path, "sessions.db"), `${lines.join("\n")}\n`);
    // As it leaves its file itself.
    const database = new Datastore({ filename: join(path, "sessions.db") });
    await database.loadDatabaseAsync();
  },
  async files(path, rows) {
    fs.mkdirSync(path, { recursive: true });
    for (const row of rows) fs.writeFileSync(join(path, `${row.id}.json`), JSON.stringify(row));
  },
};
