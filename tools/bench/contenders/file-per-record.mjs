// A JSON file for each message: opencode's way before 1.2.
import fs from "node:fs";
import { join } from "node:path";
import { messageId } from "./contender.mjs";

export const title = "a JSON file per record";
export const share = 0.1;
export const isSync = true;

/** @type {import("./contender.mjs").Contender["open"]} */
export function open(directory, { durability }) {
  return {
    session(id) {
      const folder = join(directory, id);
      fs.mkdirSync(folder, { recursive: true });
      /** @type {number | undefined} known from the first write on */
      let count;
      const pathOf = (/** @type {number} */ number) => join(folder, `${messageId(number)}.json`);
      const write = (/** @type {string} */ path, /** @type {object} */ data) => {
        const file = fs.openSync(path, "w");
        fs.writeSync(file, JSON.stringify(data));
        if (durability === "power") fs.fsyncSync(file);
        fs.closeSync(file);
        if (durability === "power") syncDirectory(folder);
      };
      const read = (/** @type {string} */ name) => JSON.parse(fs.readFileSync(join(folder, name), "utf8"));
      const names = () => fs.readdirSync(folder).sort();
      const append = (/** @type {object} */ message) => {
        count ??= names().length;
        write(pathOf(count++), message);
      };
      return {
        append,
        appendAll: (messages) => messages.forEach(append),
        putText: (text) => write(join(folder, "text.json"), { type: "text", text }),
        last: (wanted) => names().slice(-wanted).map(read),
        page: (first, wanted) =>
          names()
            .slice(first, first + wanted)
            .map(read),
        message: (number) => JSON.parse(fs.readFileSync(pathOf(number), "utf8")),
        readAll: () => names().filter((name) => typeof read(name) === "object").length,
      };
    },
    close: () => undefined,
  };
}

/** @param {string} directory */
function syncDirectory(directory) {
  const file = fs.openSync(directory, "r");
  fs.fsyncSync(file);
  fs.closeSync(file);
}
