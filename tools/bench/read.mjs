// What does reading a whole session cost beyond finding its lines and parsing them, and what in a database?
import fs from "node:fs";
import { crc32 } from "node:zlib";
import { readLines } from "./contenders/lines.mjs";
import { inTurn } from "./measure.mjs";
import { MIXED } from "./messages.mjs";
import { comparison } from "./rows.mjs";
import { withSides } from "./sides.mjs";
import { checkCount, findLog } from "./subject.mjs";

/** In a quick run those alone that have a bar. */
const BARRED = 3;
const CONTENDERS = ["turnlog", "sqlite-opencode", "sqlite-flat", "node-sqlite", "level", "lmdb", "append-file"];
const SESSION = "subject";
const PLAIN = "1 MiB chunks, JSON.parse";
const CHECKED = "1 MiB chunks, crc32 and JSON.parse";

/**
 * @param {import("./measure.mjs").Setting} setting
 * @returns {Promise<import("./measure.mjs").Answer>}
 */
export async function ask({ directory, quick }) {
  const count = quick ? 4000 : 50_000;
  const counts = { rounds: quick ? 5 : 11, dropped: 2 };
  return await withSides(CONTENDERS.slice(0, quick ? BARRED : undefined), { directory }, async (sides) => {
    for (const side of Object.values(sides)) await side.run("fill", { session: SESSION, sizes: { count, ...MIXED } });
    const log = findLog(`${directory}/turnlog`, SESSION);
    /** @type {Record<string, () => Promise<number>>} */
    const turns = {};
    const question = { session: SESSION, count, call: "readAll", limit: count };
    for (const side of Object.values(sides)) turns[side.title] = () => side.run("readOpening", question);
    turns[PLAIN] = async () => timed(() => readLines(log, (line) => isMessage(line)), count);
    let sum = 0;
    turns[CHECKED] = async () =>
      timed(
        () =>
          readLines(log, (line, bytes) => {
            sum ^= crc32(bytes);
            return isMessage(line);
          }),
        count,
      );
    const figures = await inTurn(turns, counts);
    if (sum === 0) throw new Error("no checksum was taken");
    const claim = "full read through messages()";
    const bars = {
      [PLAIN]: { least: 0.65, claim },
      [CHECKED]: { least: 0.8, claim },
      "better-sqlite3, three tables": { least: 1, claim },
      "better-sqlite3, flat": { least: 1, claim },
    };
    const { size } = fs.statSync(log);
    return {
      title: `read: all of ${count} messages, mixed sizes, open and read, page cache warm, median of ${counts.rounds} rounds`,
      rows: comparison("all", "ms", figures, bars),
      notes: [`the log has ${Math.round(size / 1e6)} MB, ${Math.round(size / count)} bytes a message`],
    };
  });
}

/**
 * @param {() => number} read
 * @param {number} count
 */
function timed(read, count) {
  const start = performance.now();
  const found = read();
  const time = performance.now() - start;
  checkCount(found, count);
  return time;
}

/** @param {string} line */
function isMessage(line) {
  return JSON.parse(line).type === "message";
}
