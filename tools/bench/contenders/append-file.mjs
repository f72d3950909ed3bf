// What one writes in an afternoon: fs.promises.appendFile, and the whole file read and split.
import fs from "node:fs";
import { open as openFile } from "node:fs/promises";
import { join } from "node:path";

export const title = "fs.appendFile";

/** @type {import("./contender.mjs").Contender["open"]} */
export function open(directory, { durability }) {
  fs.mkdirSync(directory, { recursive: true });
  return {
    session(id) {
      const path = join(directory, `${id}.jsonl`);
      const add = async (/** @type {string} */ text) => {
        if (durability === "process") {
          await fs.promises.appendFile(path, text);
          return;
        }
        const file = await openFile(path, "a");
        await file.appendFile(text);
        await file.sync();
        await file.close();
      };
      const all = async () => {
        const lines = (await fs.promises.readFile(path, "utf8")).split("\n");
        return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
      };
      return {
        append: (message) => add(`${JSON.stringify(message)}\n`),
        appendAll: (messages) => add(messages.map((message) => `${JSON.stringify(message)}\n`).join("")),
        putText: (text) => add(`${JSON.stringify({ type: "text", text })}\n`),
        last: async (count) => (await all()).slice(-count),
        page: async (first, count) => (await all()).slice(first, first + count),
        message: async (number) => (await all())[number],
        readAll: async () => (await all()).length,
      };
    },
    close: () => undefined,
  };
}
