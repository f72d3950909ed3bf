// What no store of JSON lines can go below: the bare message written to an open file, and whole chunks read and parsed.
import fs from "node:fs";
import { join } from "node:path";
import { readBackwards, readLines } from "./lines.mjs";

export const title = "the physical limit";
export const isSync = true;

/** @type {import("./contender.mjs").Contender["open"]} */
export function open(directory, { durability }) {
  fs.mkdirSync(directory, { recursive: true });
  /** @type {number[]} */
  const files = [];
  return {
    session(id) {
      const path = join(directory, `${id}.jsonl`);
      const file = fs.openSync(path, "a+");
      files.push(file);
      const group = new Group(file);
      const settle = () => (durability === "power" ? group.sync() : undefined);
      return {
        append(message) {
          fs.writeSync(file, `${JSON.stringify(message)}\n`);
          return settle();
        },
        appendAll(messages) {
          fs.writeSync(file, messages.map((message) => `${JSON.stringify(message)}\n`).join(""));
          return settle();
        },
        // Whoever knew which version is the last would write that one alone.
        putText(text, isFinal) {
          if (isFinal) fs.writeSync(file, `${JSON.stringify({ type: "text", text })}\n`);
          return isFinal ? settle() : undefined;
        },
        last: (count) => readBackwards(file, count),
        page: () => [],
        message: () => undefined,
        readAll: () => readLines(path, (line) => typeof JSON.parse(line) === "object"),
      };
    },
    close: () => files.forEach((file) => fs.closeSync(file)),
  };
}

/** One fdatasync for all who wait, and another one for those who came while it was under way. */
class Group {
  #file;
  /** @type {(() => void)[]} */
  #waiting = [];
  #isSyncing = false;

  /** @param {number} file */
  constructor(file) {
    this.#file = file;
  }

  /** @returns {Promise<void>} */
  sync() {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (!this.#isSyncing) this.#next();
    });
  }

  #next() {
    this.#isSyncing = true;
    const served = this.#waiting;
    this.#waiting = [];
    fs.fdatasync(this.#file, (error) => {
      if (error !== null) throw error;
      for (const resolve of served) resolve();
      // Those who were served come back before that, and are served together again.
      queueMicrotask(() => {
        if (this.#waiting.length > 0) this.#next();
        else this.#isSyncing = false;
      });
    });
  }
}
