// LevelDB: a key of session and number, JSON as the value.
import fs from "node:fs";
import { dirname } from "node:path";
import { ClassicLevel } from "classic-level";
import { GROWING } from "./contender.mjs";

export const title = "classic-level";

const DIGITS = 9;
const LAST_KEY = "9".repeat(DIGITS);

/** @type {import("./contender.mjs").Contender["open"]} */
export async function open(directory, { durability }) {
  fs.mkdirSync(dirname(directory), { recursive: true });
  const database = new ClassicLevel(directory, { keyEncoding: "utf8", valueEncoding: "utf8" });
  await database.open();
  const options = { sync: durability === "power" };
  return {
    session(id) {
      const key = (/** @type {number} */ number) => `${id}!${String(number).padStart(DIGITS, "0")}`;
      const range = { gte: key(0), lte: `${id}!${LAST_KEY}` };
      /** @type {number | undefined} known from the first write on */
      let count;
      const size = async () => {
        const [last] = await database.keys({ ...range, reverse: true, limit: 1 }).all();
        return last === undefined ? 0 : Number(last.slice(-DIGITS)) + 1;
      };
      const parsed = (/** @type {string[]} */ values) => values.map((value) => JSON.parse(value));
      return {
        async append(message) {
          count ??= await size();
          await database.put(key(count++), JSON.stringify(message), options);
        },
        async appendAll(messages) {
          count ??= await size();
          let next = count;
          count += messages.length;
          const puts = messages.map((message) => ({
            type: /** @type {const} */ ("put"),
            key: key(next++),
            value: JSON.stringify(message),
          }));
          await database.batch(puts, options);
        },
        putText: (text) => database.put(`${id}!!${GROWING.part}`, JSON.stringify({ type: "text", text }), options),
        last: async (wanted) =>
          parsed(await database.values({ ...range, reverse: true, limit: wanted }).all()).reverse(),
        page: async (first, wanted) =>
          parsed(await database.values({ ...range, gte: key(first), limit: wanted }).all()),
        message: async (number) => JSON.parse(String(await database.get(key(number)))),
        async readAll() {
          let found = 0;
          const values = database.values(range);
          for (;;) {
            const list = await values.nextv(1000);
            if (list.length === 0) break;
            for (const value of list) if (typeof JSON.parse(value) === "object") found++;
          }
          await values.close();
          return found;
        },
      };
    },
    close: () => database.close(),
  };
}
