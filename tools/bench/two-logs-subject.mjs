// The same session in one log of one machine, and in the logs of two: one after the other, in turns, and apart.
import fs from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openStore } from "../../dist/lib/index.js";
import { messages } from "./messages.mjs";

const MEAN_BYTES = 600;
const SIGMA = 0.8;
const PART_EVERY = 4;
/** So many turns the two take, and some short ones at last, so that a page has messages of both. */
const TURNS = 16;
const LAST_TURNS = 10;
const LAST_TURN = 10;
/** What was changed a moment ago is not believed: it might be changing still. */
const REST_MS = 2500;

/** How the second machine comes in. `once`: not at all. */
export const FORMS = /** @type {const} */ (["once", "straight", "turns", "apart"]);
/**
 * `third` is the id of a message of the history, `cursor` where a page begins that lies in its middle.
 *
 * @typedef {(typeof FORMS)[number]} Form
 * @typedef {{ form: Form, root: string, id: string, logs: string[], count: number, third: string, middle: string }} Subject
 */

/**
 * Each in a store of its own.
 *
 * @param {string} directory
 * @param {number} count lines of messages, in all logs
 * @returns {Promise<Record<Form, Subject>>}
 */
export async function makeForms(directory, count) {
  const subjects = /** @type {Record<Form, Subject>} */ ({});
  for (const form of FORMS) subjects[form] = await makeForm(join(directory, form), form, count);
  await sleep(REST_MS);
  // Whoever opens such a session first may have more to do than those who come later.
  for (const form of FORMS) subjects[form] = await lookThrough(subjects[form]);
  return subjects;
}

/**
 * @param {string} root
 * @param {Form} form
 * @param {number} count
 * @returns {Promise<Subject>}
 */
async function makeForm(root, form, count) {
  const machines = new Machines(root);
  const list = [...messages(count, MEAN_BYTES, SIGMA)];
  const half = count / 2;
  /** @type {(machine: number, from: number, to: number) => Promise<void>} */
  const write = (machine, from, to) =>
    machines.as(machine, async (store) => {
      const session = store.session("subject", { create: true });
      for (let index = from; index < to; index++) {
        const data = { id: idOf(index), ...list[index] };
        if (index % PART_EVERY > 0) await session.append(data);
        else
          await session.commit((commit) => {
            commit.append(data);
            commit.putPart(data.id, { id: `${data.id}-1`, type: "tool", output: data.content.slice(0, 200) });
          });
      }
    });
  if (form === "once") await write(0, 0, count);
  if (form === "straight") {
    await write(0, 0, half);
    await write(1, half, count);
  }
  if (form === "turns") {
    const long = count - LAST_TURNS * LAST_TURN;
    for (let from = 0, to = 0, turn = 0; from < count; from = to) {
      to = from < long ? Math.min(long, from + Math.ceil(long / TURNS)) : from + LAST_TURN;
      await write(turn++ % 2, from, to);
    }
  }
  if (form === "apart") {
    // Both go on from the first tenth, and neither sees what the other writes.
    await write(0, 0, count / 10);
    await machines.hidden(1, () => write(0, count / 10, half));
    await machines.hidden(0, () => write(1, half, count), count / 10);
  }
  return { form, root, id: "subject", logs: [], count: 0, third: "", middle: "" };
}

/** Two machines that write to one directory, one after the other: what a sync does to their logs is done already. */
class Machines {
  #root;
  /** @type {string[]} */
  #records = [];

  /** @param {string} root */
  constructor(root) {
    this.#root = root;
  }

  /**
   * @param {number} machine
   * @param {(store: import("../../dist/lib/index.js").Store) => Promise<void>} use
   */
  async as(machine, use) {
    const records = join(this.#root, ".cache", "machines");
    const known = this.#records[machine];
    // Each finds the store with its own id, and without what the other knows of it.
    fs.rmSync(join(this.#root, ".cache"), { recursive: true, force: true });
    if (known !== undefined) {
      fs.mkdirSync(records, { recursive: true });
      fs.writeFileSync(join(records, String(this.#name)), `${known}\n`);
    }
    const store = await openStore(this.#root);
    this.#records[machine] = store.machine;
    this.#name = fs.readdirSync(records)[0];
    try {
      await use(store);
    } finally {
      await store.close();
    }
  }

  /** @type {string | undefined} */
  #name;

  /**
   * Runs `use` while the log of the other machine lies elsewhere, or only its first lines are there.
   *
   * @param {number} machine
   * @param {() => Promise<void>} use
   * @param {number} [kept]
   */
  async hidden(machine, use, kept = 0) {
    const folder = join(this.#root, "sessions", this.#records[machine] ?? "none");
    if (!fs.existsSync(folder)) return await use();
    const [path] = logsBelow(folder);
    const content = fs.readFileSync(path);
    let end = 0;
    for (let line = 0; line < kept; line++) end = content.indexOf(10, end) + 1;
    fs.writeFileSync(path, content.subarray(0, end));
    await use();
    fs.writeFileSync(path, content);
  }
}

/**
 * @param {Subject} subject
 * @returns {Promise<Subject>}
 */
async function lookThrough(subject) {
  const store = await openStore(subject.root);
  const session = store.session(subject.id);
  const count = await session.count();
  const ids = [];
  for await (const id of session.messageIds()) ids.push(id);
  const [third, middle] = [ids[Math.floor(count / 3)], ids[Math.floor(count / 2)]];
  if (third === undefined || middle === undefined) throw new Error(`${subject.form} is empty`);
  await store.close();
  return { ...subject, logs: logsBelow(join(subject.root, "sessions")), count, third, middle };
}

/** @param {string} directory */
function logsBelow(directory) {
  const names = fs.readdirSync(directory, { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".jsonl")).map((name) => join(directory, name));
}

/** @param {number} index */
function idOf(index) {
  return `msg-${String(index).padStart(6, "0")}`;
}
