// How many bytes does a byte of messages take on the disk?
import { join } from "node:path";
import Database from "better-sqlite3";
import { MIXED } from "./messages.mjs";
import { comparison, once } from "./rows.mjs";
import { withSides } from "./sides.mjs";

/** In a quick run those alone that have a bar. */
const BARRED = 3;
const CONTENDERS = [
  "turnlog",
  "sqlite-opencode",
  "sqlite-flat",
  "limit",
  "node-sqlite",
  "level",
  "lmdb",
  "nedb",
  "jsonl-meta",
  "file-per-record",
  "whole-file",
];
const SESSIONS = 10;
/** Five percent more than SQLite would be as much as is allowed. */
const LEAST = 0.952;
const NO_INDEX =
  "SELECT sum(pgsize) FROM dbstat WHERE name NOT IN (SELECT name FROM sqlite_schema WHERE type = 'index')";

/**
 * @param {import("./measure.mjs").Setting} setting
 * @returns {Promise<import("./measure.mjs").Answer>}
 */
export async function ask({ directory, quick }) {
  const count = quick ? 200 : 2000;
  const contenders = CONTENDERS.slice(0, quick ? BARRED : undefined);
  return await withSides(contenders, { directory }, async (sides) => {
    /** @type {Record<string, number>} */
    const shares = {};
    /** @type {Record<string, import("./rows.mjs").Bar>} */
    const bars = {};
    for (const [name, side] of Object.entries(sides)) {
      let payload = 0;
      for (let number = 0; number < SESSIONS; number++) {
        const sizes = { count: Math.ceil(count * side.share), ...MIXED };
        payload += await side.run("fill", { session: `s${number}`, sizes });
      }
      shares[side.title] = (await side.run("bytes", {})) / payload;
      if (name !== "sqlite-opencode" && name !== "sqlite-flat") continue;
      const database = new Database(join(directory, name, "sessions.db"), { readonly: true });
      const title = `${side.title}, without its indexes`;
      shares[title] = Number(database.prepare(NO_INDEX).pluck().get()) / payload;
      bars[title] = { least: LEAST, claim: "bytes on the disk, mixed sizes" };
      database.close();
    }
    return {
      title: `disk: bytes on the disk divided by those of the bare messages, ${SESSIONS} sessions of ${count} messages, mixed sizes`,
      rows: comparison("bytes a byte", "x", once(shares), bars),
      notes: [
        "all files of a store, its caches among them, in blocks of the file system",
        "a JSON file per record, a whole JSON file, JSONL and a meta file, @seald-io/nedb: a tenth of the messages",
      ],
    };
  });
}
