// A line at the end of a log, and a file beside it that is written anew after every line: picoclaw's way. It syncs both each time;
// here only where that is asked for.
import fs from "node:fs";
import { join } from "node:path";
import { readLines } from "./lines.mjs";

export const title = "JSONL and a meta file";
export const share = 0.1;
export const isSync = true;

/** @type {import("./contender.mjs").Contender["open"]} */
export function open(directory, { durability }) {
  fs.mkdirSync(directory, { recursive: true });
  return {
    session(id) {
      const path = join(directory, `${id}.jsonl`);
      const metaPath = join(directory, `${id}.meta.json`);
      let meta = fs.existsSync(metaPath)
        ? JSON.parse(fs.readFileSync(metaPath, "utf8"))
        : { key: id, summary: "", skip: 0, count: 0, created_at: new Date().toISOString(), updated_at: "" };
      const write = (/** @type {string} */ to, /** @type {string} */ flags, /** @type {string} */ text) => {
        const file = fs.openSync(to, flags);
        fs.writeSync(file, text);
        if (durability === "power") fs.fsyncSync(file);
        fs.closeSync(file);
      };
      const add = (/** @type {object[]} */ messages) => {
        write(path, "a", messages.map((message) => `${JSON.stringify(message)}\n`).join(""));
        meta = { ...meta, count: meta.count + messages.length, updated_at: new Date().toISOString() };
        write(`${metaPath}.tmp`, "w", JSON.stringify(meta, null, 2));
        fs.renameSync(`${metaPath}.tmp`, metaPath);
      };
      const all = () => {
        /** @type {object[]} */
        const found = [];
        readLines(path, (line) => found.push(JSON.parse(line)) > 0);
        return found;
      };
      return {
        append: (message) => add([message]),
        appendAll: add,
        putText: (text) => add([{ type: "text", text }]),
        last: (count) => all().slice(-count),
        page: (first, count) => all().slice(first, first + count),
        message: (number) => all()[number],
        readAll: () => all().length,
      };
    },
    close: () => undefined,
  };
}
