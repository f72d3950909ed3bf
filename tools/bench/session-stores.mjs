// The same sessions in a store and in a database, both as they are when nobody has used them for a while.
import fs from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { openStore } from "../../dist/lib/index.js";
import { fillOther, MOST_FILES, OTHERS } from "./list-others.mjs";
import { sessionData } from "./session-data.mjs";
import { makeDatabase, SESSIONS } from "./sqlite.mjs";

/** What was changed a moment ago is not believed: it might be changing still. */
const REST_MS = 2500;

/**
 * `others`: the path of each other store, by its name in list-others.mjs.
 *
 * @typedef {{ count: number, root: string, database: string, roots: number, others: Record<string, string> }} Stores
 */

/**
 * @param {string} directory
 * @param {number} count
 * @param {boolean} withOthers
 * @returns {Promise<Stores>}
 */
export async function makeStores(directory, count, withOthers) {
  const root = join(directory, `store-${count}`);
  const path = join(directory, `sessions-${count}.db`);
  const empty = await openStore(root);
  const folder = join(root, "sessions", empty.machine);
  await empty.close();
  const database = makeDatabase(path, SESSIONS);
  const insert = inserter(database);
  let roots = 0;
  database.exec("BEGIN");
  for (const session of sessionData(count)) {
    writeLog(folder, session);
    insert(session);
    if (session.info.parent === undefined) roots++;
  }
  database.exec("COMMIT");
  database.exec("INSERT INTO session_title (session_title) VALUES ('optimize'); PRAGMA optimize");
  // The last one to close moves what stands in the WAL into the database.
  database.close();

  /** @type {Record<string, string>} */
  const others = {};
  for (const name of /** @type {(keyof typeof OTHERS)[]} */ (withOthers ? Object.keys(OTHERS) : [])) {
    if (name === "files" && count > MOST_FILES) continue;
    others[name] = join(directory, `${name}-${count}`);
    await fillOther(name, others[name], sessionData(count));
  }
  await sleep(REST_MS);
  const store = await openStore(root);
  await store.refresh();
  const { items } = await store.page({ limit: 1 });
  await store.close();
  if (items.length !== 1) throw new Error("the store does not list what was written");
  return { count, root, database: path, roots, others };
}

/**
 * Writes a log as spec/format.md has it. By createSession() a hundred thousand would take minutes.
 *
 * @param {string} folder of the machine
 * @param {import("./session-data.mjs").SessionData} session
 */
function writeLog(folder, { id, created, info, messages }) {
  const writer = id.replaceAll("-", "").slice(-8);
  const first = stampOf(created, 0, writer);
  const month = join(folder, first.slice(0, 7));
  const lines = [
    lineOf({ at: first, type: "session", batch: 2, id, data: { format: 1 } }),
    lineOf({ at: stampOf(created, 1, writer), type: "info", data: info }),
    ...messages.map(({ at, data }) => lineOf({ at: stampOf(at, 0, writer), type: "message", data })),
  ];
  fs.mkdirSync(month, { recursive: true, mode: 0o700 });
  fs.writeFileSync(join(month, `${id}.jsonl`), lines.join(""), { mode: 0o600 });
}

/**
 * @param {number} ms
 * @param {number} counter
 * @param {string} writer
 */
function stampOf(ms, counter, writer) {
  return `${new Date(ms).toISOString()}-${counter.toString(16).padStart(4, "0")}-${writer}`;
}

/** @param {object} fields in their order */
function lineOf(fields) {
  const json = JSON.stringify(fields).slice(0, -1);
  return `${json},"crc":"${crc32(json).toString(16).padStart(8, "0")}"}\n`;
}

/** @param {import("better-sqlite3").Database} database */
function inserter(database) {
  const session = database.prepare(
    `INSERT INTO session (id, project, directory, title, parent, archived, pinned, tags, created, updated, messages, bytes)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const message = database.prepare("INSERT INTO message (id, session, created, data) VALUES (?, ?, ?, ?)");
  return (/** @type {import("./session-data.mjs").SessionData} */ { id, created, updated, info, messages }) => {
    const { project, directory, title, parent = null, archived = false, pinned = false, tags } = info;
    const rows = messages.map(({ at, data }) => ({ at, data: JSON.stringify(data) }));
    const bytes = rows.reduce((sum, { data }) => sum + data.length, 0);
    const flags = [Number(archived), Number(pinned)];
    const json = tags === undefined ? null : JSON.stringify(tags);
    session.run(id, project, directory, title, parent, ...flags, json, created, updated, rows.length, bytes);
    for (const [index, { at, data }] of rows.entries()) message.run(`${id}-${index}`, id, at, data);
  };
}
