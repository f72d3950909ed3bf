// LMDB: a key of session and number, msgpack as the value.
import fs from "node:fs";
import { open as openLmdb } from "lmdb";
import { GROWING } from "./contender.mjs";

export const title = "lmdb";

/** @type {import("./contender.mjs").Contender["open"]} */
export function open(directory, { durability }) {
  fs.mkdirSync(directory, { recursive: true });
  const database = openLmdb({ path: directory, noSync: durability === "process" });
  const settle = async (/** @type {Promise<unknown>} */ put) => {
    await put;
    if (durability === "power") await database.flushed;
  };
  return {
    session(id) {
      const range = { start: [id, 0], end: [id, Infinity] };
      const reversed = { start: range.end, end: [id, -1], reverse: true };
      /** @type {number | undefined} known from the first write on */
      let count;
      const size = () => {
        const [last] = [...database.getKeys({ ...reversed, limit: 1 })];
        return last === undefined ? 0 : /** @type {[string, number]} */ (last)[1] + 1;
      };
      const values = (/** @type {{ value: object }[]} */ entries) => entries.map(({ value }) => value);
      return {
        append(message) {
          count ??= size();
          return settle(database.put([id, count++], message));
        },
        appendAll(messages) {
          count ??= size();
          let next = count;
          count += messages.length;
          return settle(
            database.transaction(() => {
              for (const message of messages) void database.put([id, next++], message);
            }),
          );
        },
        putText: (text) => settle(database.put([GROWING.part, id], { type: "text", text })),
        last: (wanted) => values([...database.getRange({ ...reversed, limit: wanted })]).reverse(),
        page: (first, wanted) => values([...database.getRange({ ...range, start: [id, first], limit: wanted })]),
        message: (number) => database.get([id, number]),
        readAll() {
          let found = 0;
          for (const { value } of database.getRange(range)) if (typeof value === "object") found++;
          return found;
        },
      };
    },
    close: () => database.close(),
  };
}
