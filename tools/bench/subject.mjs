// The same messages in a store and in a database, to be read from both.
import fs from "node:fs";
import { join } from "node:path";
import { openStore } from "../../dist/lib/index.js";
import { BARE, makeDatabase } from "./sqlite.mjs";

const ID = "subject";

/** @typedef {{ root: string, id: string, log: string, database: string }} Subject */

/**
 * @param {string} directory
 * @param {Iterable<import("./messages.mjs").Message>} messages
 * @returns {Promise<Subject>}
 */
export async function makeSubject(directory, messages) {
  const root = join(directory, "store");
  const path = join(directory, "messages.db");
  const store = await openStore(root);
  const session = await store.createSession({ id: ID });
  const database = makeDatabase(path, BARE);
  const insert = database.prepare("INSERT INTO message (data) VALUES (?)");
  database.exec("BEGIN");
  for (const message of messages) {
    await session.append(message);
    insert.run(JSON.stringify(message));
  }
  database.exec("COMMIT");
  await store.close();
  // The last one to close moves what stands in the WAL into the database.
  database.close();
  return { root, id: ID, log: findLog(root, ID), database: path };
}

/**
 * @param {string} root
 * @param {string} id
 */
export function findLog(root, id) {
  const sessions = join(root, "sessions");
  const names = fs.readdirSync(sessions, { recursive: true, encoding: "utf8" });
  const name = names.find((each) => each.endsWith(`${id}.jsonl`));
  if (name === undefined) throw new Error(`no log of ${id} below ${sessions}`);
  return join(sessions, name);
}

/**
 * A side that read less than the others would win.
 *
 * @param {number} found
 * @param {number} expected
 */
export function checkCount(found, expected) {
  if (found !== expected) throw new Error(`${found} where ${expected} were expected`);
}
