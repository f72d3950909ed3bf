// How fast a large store in a database answers. It is no part of the suite, since it takes a server:
//
//   node tools/bench/database.mjs URL [--sessions N] [--lines N]
//
// Fills the database with so many sessions where it has none, by way of a store in files and copyTo(), and then asks, each question
// many times: the first page, the last 50 messages of a session that nobody has open, titles.
import fs from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openStore } from "../../dist/lib/index.js";
import { openSqlStore } from "../../dist/lib/sql.js";
import { quantile } from "./measure.mjs";
import { messages, randomFrom } from "./messages.mjs";
import { makeTitles, queriesFor } from "./title-texts.mjs";

const MEAN_BYTES = 300;
const SIGMA = 0.8;
const MESSAGES = 256;
const CALLS = 300;

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

/** @param {string} url */
async function fill(url) {
  const directory = fs.mkdtempSync(join(os.tmpdir(), "turnlog-bench-"));
  try {
    const list = [...messages(MESSAGES, MEAN_BYTES, SIGMA)];
    const random = randomFrom(3);
    let begun = performance.now();
    const files = await openStore(directory);
    // The header and what it is called are lines, too.
    const each = Number(values.lines) - 2;
    for (let number = 0; number < sessions; number++) {
      const session = await files.createSession({ id: idOf(number), title: texts[number] ?? "", project: "bench" });
      const first = Math.floor(random() * MESSAGES);
      await session.append(Array.from({ length: each }, (_, index) => ({ ...list[(first + index) % MESSAGES] })));
    }
    print(`${sessions} sessions in files: ${seconds(begun)} s`);
    begun = performance.now();
    const store = await openSqlStore(url);
    const report = await files.copyTo(store);
    print(`copied and compared: ${seconds(begun)} s, ${report.equal.lines} lines, ${report.equal.bytes} bytes`);
    if (report.problems.length > 0) throw new Error(JSON.stringify(report.problems[0]));
    await store.close();
    await files.close();
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
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
