// Sessions of several lengths, in one store and in one database: every fourth message has a part.
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { openStore } from "../../dist/lib/index.js";
import { messages } from "./messages.mjs";
import { makeDatabase, SESSIONS } from "./sqlite.mjs";
import { findLog } from "./subject.mjs";

const MEAN_BYTES = 600;
const SIGMA = 0.8;
const PART_EVERY = 4;
/** What was changed a moment ago is not believed: it might be changing still. */
const REST_MS = 2500;

/**
 * `middle` and `third` are ids of messages; `cursor` and `created` are where the page begins that follows the middle.
 *
 * @typedef {{ id: string, count: number, log: string, middle: string, third: string, cursor: string, created: number }}
 *   Subject
 * @typedef {{ root: string, database: string, subjects: Subject[] }} Subjects
 */

/**
 * @param {string} directory
 * @param {readonly number[]} counts
 * @returns {Promise<Subjects>}
 */
export async function makeSubjects(directory, counts) {
  const root = join(directory, "store");
  const path = join(directory, "messages.db");
  const store = await openStore(root);
  const database = makeDatabase(path, SESSIONS);
  const message = database.prepare("INSERT INTO message (id, session, created, data) VALUES (?, ?, ?, ?)");
  const part = database.prepare("INSERT INTO part (id, message, data) VALUES (?, ?, ?)");
  database.exec("BEGIN");
  for (const count of counts) {
    const session = await store.createSession({ id: `session-${count}` });
    let index = 0;
    for (const content of messages(count, MEAN_BYTES, SIGMA)) {
      const data = { id: idOf(count, index), ...content };
      message.run(data.id, session.id, index, JSON.stringify(data));
      if (index++ % PART_EVERY > 0) {
        await session.append(data);
        continue;
      }
      const tool = { id: `${data.id}-1`, type: "tool", output: content.content };
      part.run(tool.id, data.id, JSON.stringify(tool));
      await session.commit((commit) => {
        commit.append(data);
        commit.putPart(data.id, tool);
      });
    }
  }
  database.exec("COMMIT");
  await store.close();
  // The last one to close moves what stands in the WAL into the database.
  database.close();
  await sleep(REST_MS);
  return { root, database: path, subjects: await lookThrough(root, counts) };
}

/**
 * Whoever opens such sessions first may have more to do than those who come later.
 *
 * @param {string} root
 * @param {readonly number[]} counts
 */
async function lookThrough(root, counts) {
  /** @type {Subject[]} */
  const subjects = [];
  const store = await openStore(root);
  for (const count of counts) {
    const session = store.session(`session-${count}`);
    const created = Math.floor(count / 2);
    const [middle, third] = [idOf(count, created), idOf(count, Math.floor(count / 3))];
    const { next: cursor } = await session.page({ limit: 1, around: middle });
    if ((await session.count()) !== count || cursor === undefined) throw new Error(`${session.id} is not whole`);
    subjects.push({ id: session.id, count, log: findLog(root, session.id), middle, third, cursor, created });
  }
  await store.close();
  return subjects;
}

/**
 * @param {number} count
 * @param {number} index
 */
function idOf(count, index) {
  return `msg-${count}-${String(index).padStart(6, "0")}`;
}
