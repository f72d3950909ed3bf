// The same questions to a store and to a database. Opening is apart, and does all that need not be done again.
import Database from "better-sqlite3";
import { openStore } from "../../dist/lib/index.js";

/**
 * What a call answers: messages with their parts, or how many there are.
 *
 * @typedef {{ id: string, data: unknown, parts: readonly { data: unknown }[] }} Message
 * @typedef {"last" | "around" | "after" | "message" | "count"} Call
 * @typedef {{ call: (name: Call) => Promise<readonly Message[] | number>, close: () => void | Promise<void> }} Opened
 * @typedef {import("./page-subject.mjs").Subject} Subject
 */

/**
 * @param {string} root
 * @param {Subject} subject
 * @param {number} limit
 * @returns {Promise<Opened>}
 */
export async function openTurnlog(root, { id, middle, third, cursor }, limit) {
  const store = await openStore(root);
  const session = store.session(id);
  const calls = {
    last: async () => {
      const entries = [];
      for await (const entry of session.messages({ last: limit })) entries.push(entry);
      return entries;
    },
    around: async () => (await session.page({ limit, around: middle })).items,
    after: async () => (await session.page({ limit, after: cursor })).items,
    message: async () => {
      const message = await session.message(third);
      return message === undefined ? [] : [message];
    },
    count: () => session.count(),
  };
  return { call: (name) => calls[name](), close: () => store.close() };
}

const MESSAGE = "SELECT id, data FROM message";

/**
 * @param {string} path
 * @param {Subject} subject
 * @param {number} limit
 * @param {Call} name the statements of this call are prepared
 * @returns {Opened}
 */
export function openSqlite(path, { id, middle, third, created }, limit, name) {
  const database = new Database(path);
  const prepare = (/** @type {string} */ text) => database.prepare(text);
  const parts = prepare("SELECT message, data FROM part WHERE message IN (SELECT value FROM json_each(?)) ORDER BY id");
  /** @param {unknown[]} rows oldest first */
  const withParts = (rows) => {
    const list = /** @type {{ id: string, data: string }[]} */ (rows);
    const found = /** @type {{ message: string, data: string }[]} */ (
      parts.all(JSON.stringify(list.map((row) => row.id)))
    );
    /** @type {Map<string, Message & { parts: { data: unknown }[] }>} */
    const entries = new Map();
    for (const row of list) entries.set(row.id, { id: row.id, data: JSON.parse(row.data), parts: [] });
    for (const row of found) entries.get(row.message)?.parts.push({ data: JSON.parse(row.data) });
    return [...entries.values()];
  };
  const calls = {
    last() {
      const rows = prepare(`${MESSAGE} WHERE session = ? ORDER BY created DESC LIMIT ?`);
      return () => withParts(rows.all(id, limit).reverse());
    },
    around() {
      const place = prepare("SELECT created FROM message WHERE id = ?").pluck();
      const before = prepare(`${MESSAGE} WHERE session = ? AND created < ? ORDER BY created DESC LIMIT ?`);
      const from = prepare(`${MESSAGE} WHERE session = ? AND created >= ? ORDER BY created LIMIT ?`);
      return () => {
        const at = place.get(middle);
        const half = Math.floor(limit / 2);
        return withParts([...before.all(id, at, half).reverse(), ...from.all(id, at, limit - half)]);
      };
    },
    after() {
      const rows = prepare(`${MESSAGE} WHERE session = ? AND created > ? ORDER BY created LIMIT ?`);
      return () => withParts(rows.all(id, created, limit));
    },
    message() {
      const row = prepare(`${MESSAGE} WHERE id = ?`);
      return () => withParts([row.get(third)]);
    },
    count() {
      const count = prepare("SELECT count(*) FROM message WHERE session = ?").pluck();
      return () => Number(count.get(id));
    },
  };
  const call = calls[name]();
  return { call: async () => call(), close: () => void database.close() };
}
