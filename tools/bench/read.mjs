// What does reading a whole session cost beyond finding its lines and parsing them?
import fs from "node:fs";
import { crc32 } from "node:zlib";
import Database from "better-sqlite3";
import { openStore } from "../../dist/lib/index.js";
import { inTurn, ratioOf, spreadOf } from "./measure.mjs";
import { messages } from "./messages.mjs";
import { checkCount, makeSubject } from "./subject.mjs";

/** Most messages are much shorter: the median is a quarter of the mean. */
const MEAN_BYTES = 3150;
const SIGMA = 1.7;
/** No line is longer. */
const CHUNK_BYTES = 1024 * 1024;
const LF = 10;

/**
 * @param {import("./measure.mjs").Setting} setting
 * @returns {Promise<import("./measure.mjs").Answer>}
 */
export async function ask({ directory, quick }) {
  const count = quick ? 10_000 : 50_000;
  const counts = { rounds: quick ? 5 : 11, dropped: 2 };
  const { root, id, log, database } = await makeSubject(directory, messages(count, MEAN_BYTES, SIGMA));

  /** @param {() => number | Promise<number>} read */
  const timed = async (read) => {
    const start = performance.now();
    const found = await read();
    const time = performance.now() - start;
    checkCount(found, count);
    return time;
  };
  const figures = await inTurn(
    {
      turnlog: () => timed(() => readStore(root, id)),
      plain: () => timed(() => readLines(log)),
      checked: () => timed(() => readCheckedLines(log)),
      sqlite: () => timed(() => readRows(database)),
    },
    counts,
  );

  const { size } = fs.statSync(log);
  return {
    title: `read: all of ${count} messages, page cache warm, median of ${counts.rounds} rounds`,
    rows: [
      { name: "turnlog: openStore and messages()", unit: "ms", spread: spreadOf(figures.turnlog) },
      { name: "1 MiB chunks, indexOf, JSON.parse", unit: "ms", spread: spreadOf(figures.plain) },
      { name: "the same with crc32 of each line", unit: "ms", spread: spreadOf(figures.checked) },
      { name: "better-sqlite3, JSON.parse", unit: "ms", spread: spreadOf(figures.sqlite) },
      { name: "turnlog / JSON.parse", unit: "x", spread: ratioOf(figures.turnlog, figures.plain), least: 0.65 },
      {
        name: "turnlog / crc32 and JSON.parse",
        unit: "x",
        spread: ratioOf(figures.turnlog, figures.checked),
        least: 0.8,
      },
      { name: "turnlog / better-sqlite3", unit: "x", spread: ratioOf(figures.turnlog, figures.sqlite) },
    ],
    notes: [`the log has ${Math.round(size / 1e6)} MB, ${Math.round(size / count)} bytes a message`],
  };
}

/**
 * A fresh store: what an earlier read has found out is found out again.
 *
 * @param {string} root
 * @param {string} id
 */
async function readStore(root, id) {
  const store = await openStore(root);
  let found = 0;
  for await (const { data } of store.session(id).messages()) if (typeof data === "object") found++;
  await store.close();
  return found;
}

/** @param {string} path */
function readLines(path) {
  let found = 0;
  for (const { bytes, end } of chunks(path)) {
    for (let start = 0; start < end;) {
      const lineEnd = bytes.indexOf(LF, start);
      if (isMessage(bytes.toString("utf8", start, lineEnd))) found++;
      start = lineEnd + 1;
    }
  }
  return found;
}

/** @param {string} path */
function readCheckedLines(path) {
  let found = 0;
  let sum = 0;
  for (const { bytes, end } of chunks(path)) {
    for (let start = 0; start < end;) {
      const lineEnd = bytes.indexOf(LF, start);
      sum ^= crc32(bytes.subarray(start, lineEnd));
      if (isMessage(bytes.toString("utf8", start, lineEnd))) found++;
      start = lineEnd + 1;
    }
  }
  if (sum === 0) throw new Error("no checksum was taken");
  return found;
}

/** @param {string} path */
function readRows(path) {
  const database = new Database(path);
  let found = 0;
  for (const row of database.prepare("SELECT data FROM message ORDER BY id").pluck().iterate()) {
    if (typeof JSON.parse(/** @type {string} */ (row)) === "object") found++;
  }
  database.close();
  return found;
}

/** @param {string} line */
function isMessage(line) {
  return JSON.parse(line).type === "message";
}

/**
 * The file in pieces that end with a line, each valid until the next is asked for.
 *
 * @param {string} path
 * @returns {Generator<{ bytes: Buffer, end: number }>}
 */
function* chunks(path) {
  const file = fs.openSync(path, "r");
  const bytes = Buffer.allocUnsafeSlow(2 * CHUNK_BYTES);
  let kept = 0;
  for (;;) {
    const count = fs.readSync(file, bytes, kept, CHUNK_BYTES, null);
    if (count === 0) break;
    const end = bytes.lastIndexOf(LF, kept + count - 1) + 1;
    yield { bytes, end };
    bytes.copyWithin(0, end, kept + count);
    kept += count - end;
  }
  fs.closeSync(file);
}
