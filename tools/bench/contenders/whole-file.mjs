// The whole session as one JSON document, written aside and renamed at every save: picoclaw's way before 2026.
import fs from "node:fs";
import { join } from "node:path";

export const title = "a whole JSON file per save";
export const share = 0.1;
export const isSync = true;

/** @type {import("./contender.mjs").Contender["open"]} */
export function open(directory, { durability }) {
  fs.mkdirSync(directory, { recursive: true });
  return {
    session(id) {
      const path = join(directory, `${id}.json`);
      /** @type {object[]} */
      const messages = fs.existsSync(path) ? JSON.parse(fs.readFileSync(path, "utf8")) : [];
      const save = () => {
        const file = fs.openSync(`${path}.tmp`, "w");
        fs.writeSync(file, JSON.stringify(messages));
        if (durability === "power") fs.fsyncSync(file);
        fs.closeSync(file);
        fs.renameSync(`${path}.tmp`, path);
      };
      let growing = -1;
      return {
        append(message) {
          messages.push(message);
          save();
        },
        appendAll(list) {
          messages.push(...list);
          save();
        },
        putText(text) {
          if (growing === -1) growing = messages.length;
          messages[growing] = { type: "text", text };
          save();
        },
        last: (count) => messages.slice(-count),
        page: (first, count) => messages.slice(first, first + count),
        message: (number) => messages[number],
        readAll: () => messages.length,
      };
    },
    close: () => undefined,
  };
}
