// How fast a large store in a database answers. It is no part of the suite, since it takes a server:
//
//   node tools/bench/database.mjs postgres://USER@HOST/DATABASE [--sessions N] [--lines N]
//
// Fills the database with so many sessions of so many lines where it has none (psql is needed for it), and then asks, each question
// many times: the first page, the last 50 messages of a session that nobody has open, titles.
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { crc32 } from "node:zlib";
import { openSqlStore } from "../../dist/lib/sql.js";
import { quantile } from "./measure.mjs";
import { messages, randomFrom } from "./messages.mjs";
import { makeTitles, queriesFor } from "./title-texts.mjs";

const MEAN_BYTES = 300;
const SIGMA = 0.8;
const MESSAGES = 256;
const CALLS = 300;
const BEGIN_MS = Date.UTC(2024, 0, 1);
const A_SESSION_MS = 600_000;
const COPY_CHARACTERS = 256 * 1024;
const LINE = "session, position, stamp, length, chunks, text";
const SESSION =
  "name, id, kind, updated, created, info, prompt, logs, changes, deleted_ms, modified, project_key, directory_key, parent_key, title_key, archived, pinned, tags, title_text, id_text";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sessions: { type: "string", default: "100000" },
    lines: { type: "string", default: "50" },
  },
});
const [url] = positionals;
if (url === undefined) throw new Error("the URL of a database is missing");
const sessions = Number(values.sessions);
const { texts, rare } = makeTitles(sessions);
const queries = queriesFor(texts, rare);

if (await isEmpty(url)) await fill(url);
await measure(url);

/** @param {string} url */
async function isEmpty(url) {
  const store = await openSqlStore(url);
  try {
    return (await store.count({ all: true })) === 0;
  } finally {
    await store.close();
  }
}

/**
 * By the server's own way to take in many rows at once: as the library would, it would take an hour.
 *
 * @param {string} url
 */
async function fill(url) {
  const begun = performance.now();
  const list = [...messages(MESSAGES, MEAN_BYTES, SIGMA)].map((each) => JSON.stringify(each));
  const random = randomFrom(3);
  // The header and what it is called are lines, too.
  const each = Number(values.lines) - 2;
  const [rows, lines] = [into(url, "session", SESSION), into(url, "line", LINE)];
  let bytes = 0;
  for (let number = 0; number < sessions; number++) {
    const id = idOf(number);
    const info = { title: texts[number] ?? "", titleSource: "user", project: "bench" };
    const log = logOf(
      id,
      BEGIN_MS + number * A_SESSION_MS,
      info,
      each,
      () => list[Math.floor(random() * MESSAGES)] ?? "{}",
    );
    let position = 0;
    for (const { stamp, text } of log) {
      await lines.write([id, position, stamp, Buffer.byteLength(text), "", text]);
      position += Buffer.byteLength(text) + 1;
    }
    bytes += position;
    const [created, updated] = [log[0]?.stamp ?? "", log.at(-1)?.stamp ?? ""];
    const shown = {
      ...info,
      archived: false,
      messages: each,
      bytes: position,
      branches: 1,
      machines: ["bench-00000000"],
      tip: updated,
    };
    const logs = [{ machine: "bench-00000000", month: created.slice(0, 7), size: position, generation: 1 }];
    const filters = [keyOf(info.project), "", "", keyOf(info.title), 0, 0, ""];
    const listed = [id, JSON.stringify(id), 0, updated, created, JSON.stringify(shown), null, JSON.stringify(logs)];
    await rows.write([...listed, 0, 0, number, ...filters, spelt(info.title.toLowerCase()), id]);
  }
  await Promise.all([rows.end(), lines.end()]);
  // What the planner knows of tables that were filled a moment ago.
  execFileSync("psql", [url, "-q", "-c", "vacuum analyze"]);
  print(`filled: ${seconds(begun)} s, ${sessions} sessions, ${sessions * Number(values.lines)} lines, ${bytes} bytes`);
}

/**
 * A log as the library writes it: made, and then everything in one commit.
 *
 * @param {string} id
 * @param {number} ms
 * @param {object} info
 * @param {number} count
 * @param {() => string} message
 * @returns {{ stamp: string, text: string }[]}
 */
function logOf(id, ms, info, count, message) {
  let at = ms;
  /** @param {string} rest */
  const line = (rest) => {
    const stamp = `${new Date(at++).toISOString()}-0000-benchben`;
    const body = `{"at":"${stamp}",${rest}`;
    return { stamp, text: `${body},"crc":"${crc32(body).toString(16).padStart(8, "0")}"}` };
  };
  return [
    line(`"type":"session","id":"${id}","data":{"format":1}`),
    line(`"type":"info","data":${JSON.stringify(info)}`),
    ...Array.from({ length: count }, (_, index) => line(`"type":"message","id":"m${index}","data":${message()}`)),
  ];
}

/**
 * Rows on their way into a table.
 *
 * @param {string} url
 * @param {string} table
 * @param {string} columns
 */
function into(url, table, columns) {
  const child = spawn("psql", [url, "-q", "-c", `\\copy ${table} (${columns}) from stdin`], {
    stdio: ["pipe", "inherit", "inherit"],
  });
  const closed = once(child, "close");
  let text = "";
  return {
    /** @param {(string | number | null)[]} row */
    async write(row) {
      text += `${row.map((value) => (value === null ? "\\N" : String(value).replace(/[\\\n\t\r]/g, escaped))).join("\t")}\n`;
      if (text.length < COPY_CHARACTERS) return;
      const hasRoom = child.stdin.write(text);
      text = "";
      if (!hasRoom) await once(child.stdin, "drain");
    },
    async end() {
      child.stdin.end(text);
      const [code] = await closed;
      if (code !== 0) throw new Error(`psql ended with ${String(code)}`);
    },
  };
}

/** @param {string} character */
function escaped(character) {
  return { "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r" }[character] ?? character;
}

/**
 * As titles stand there: see lib/sql/database/title-text.ts.
 *
 * @param {string} text
 */
function spelt(text) {
  return text.replace(/[^\0-\x7f]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const [begin, digits] = code > 0xffff ? ["Y", 6] : ["Z", 4];
    const hex = code.toString(16).padStart(digits, "0");
    return begin + hex.replace(/./g, (digit) => "ABCDEFGHIJKLMNOP"[Number.parseInt(digit, 16)] ?? "");
  });
}

/** @param {string} value */
function keyOf(value) {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 32);
}

/** @param {string} url */
async function measure(url) {
  const begun = performance.now();
  const store = await openSqlStore(url);
  print(`open: ${(performance.now() - begun).toFixed(1)} ms`);
  const random = randomFrom(5);
  await ask("first page of 50", () => store.page({ limit: 50 }));
  await ask("last 50 of a session that is not open", async () => {
    const session = store.session(idOf(Math.floor(random() * sessions)));
    for await (const _ of session.messages({ last: 50 }));
  });
  for (const kind of new Set(queries.map((each) => each.kind))) {
    const asked = queries.filter((each) => each.kind === kind);
    let at = 0;
    await ask(`titles: ${kind}`, () => store.searchTitles(asked[at++ % asked.length]?.text ?? "", { limit: 20 }));
  }
  await store.close();
}

/**
 * @param {string} what
 * @param {() => Promise<unknown>} call
 */
async function ask(what, call) {
  const times = new Float64Array(CALLS);
  for (let index = 0; index < CALLS; index++) {
    const begun = performance.now();
    await call();
    times[index] = performance.now() - begun;
  }
  const [first = 0] = times;
  const shown = [0.5, 0.9, 0.99].map((share) => quantile(times, share).toFixed(2));
  print(`${what}: p50 ${shown[0]}, p90 ${shown[1]}, p99 ${shown[2]} ms (the first ${first.toFixed(1)})`);
}

/** @param {number} number */
function idOf(number) {
  return `session-${number.toString().padStart(7, "0")}`;
}

/** @param {number} begun */
function seconds(begun) {
  return ((performance.now() - begun) / 1000).toFixed(1);
}

/** @param {string} text */
function print(text) {
  process.stdout.write(`${text}\n`);
}
