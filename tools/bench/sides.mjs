// Contenders in processes of their own: none finds the code compiled, or the heap filled, by another, and all take turns.
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inTurn } from "./measure.mjs";

const CHILD = fileURLToPath(new URL("side.mjs", import.meta.url));

/** @typedef {import("./contenders/contender.mjs").Durability} Durability */
/** @typedef {import("./side-tasks.mjs").TaskName} TaskName */
/** @typedef {{ directory: string, durability?: Durability, flags?: string[] }} SideOptions `flags` are Node's */

/** A contender, with a directory to itself. */
export class Side {
  title = "";
  share = 1;
  #child;

  /** @param {import("node:child_process").ChildProcess} child */
  constructor(child) {
    this.#child = child;
  }

  /**
   * @param {string} name of the contender's module
   * @param {SideOptions} options
   * @returns {Promise<Side | undefined>} undefined: this Node has it not
   */
  static async start(name, { directory, durability = "process", flags = [] }) {
    const child = fork(CHILD, [name, join(directory, name), durability], { execArgv: flags });
    const side = new Side(child);
    const { title, share } = await side.#answer();
    if (title === undefined) {
      await side.stop();
      return undefined;
    }
    side.title = title;
    side.share = share;
    return side;
  }

  /**
   * @param {TaskName} task
   * @param {object} options
   * @returns {Promise<any>} what the task gives
   */
  async run(task, options) {
    this.#child.send({ task, options });
    return (await this.#answer()).figure;
  }

  /** Closes what is open, too. */
  async stop() {
    const ended = once(this.#child, "exit");
    if (this.#child.connected) this.#child.send({ task: "end", options: {} });
    await ended;
  }

  /** Without a goodbye. */
  kill() {
    this.#child.kill("SIGKILL");
  }

  async #answer() {
    const stopped = new AbortController();
    const { signal } = stopped;
    const answer = once(this.#child, "message", { signal });
    const gone = once(this.#child, "exit", { signal }).then(() => [{ error: "a contender's process ended" }]);
    answer.catch(() => {});
    gone.catch(() => {});
    const [message] = await Promise.race([answer, gone]);
    stopped.abort();
    if (message.error !== undefined) throw new Error(`${this.title}: ${message.error}`);
    return message;
  }
}

/**
 * Starts contenders, gives them to `use`, and ends them whatever comes of it.
 *
 * @template T
 * @param {readonly string[]} names
 * @param {SideOptions} options
 * @param {(sides: Record<string, Side>) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withSides(names, options, use) {
  /** @type {Record<string, Side>} */
  const sides = {};
  try {
    for (const name of names) {
      const side = await Side.start(name, options);
      if (side !== undefined) sides[name] = side;
    }
    const given = await use(sides);
    for (const side of Object.values(sides)) await side.stop();
    return given;
  } finally {
    for (const side of Object.values(sides)) side.kill();
  }
}

/**
 * The same task for all sides in turn.
 *
 * @param {Record<string, Side>} sides
 * @param {{ rounds: number, dropped: number }} counts
 * @param {TaskName} task
 * @param {(side: Side, round: number) => object} optionsOf
 * @returns {Promise<Record<string, any[]>>} by the sides' titles
 */
export async function taskInTurn(sides, counts, task, optionsOf) {
  /** @type {Record<string, () => Promise<any>>} */
  const turns = {};
  for (const side of Object.values(sides)) {
    let round = 0;
    turns[side.title] = () => side.run(task, optionsOf(side, round++));
  }
  return await inTurn(turns, counts);
}
