// NeDB: all in memory, and a file of JSON lines that it is loaded from.
import { join } from "node:path";
import fs from "node:fs";
import Datastore from "@seald-io/nedb";
import { GROWING, messageId } from "./contender.mjs";

export const title = "@seald-io/nedb";
export const share = 0.1;

/** @type {import("./contender.mjs").Contender["open"]} */
export async function open(directory) {
  fs.mkdirSync(directory, { recursive: true });
  const database = new Datastore({ filename: join(directory, "messages.db") });
  await database.loadDatabaseAsync();
  await database.ensureIndexAsync({ fieldName: "session" });
  return {
    session(id) {
      /** @type {number | undefined} known from the first write on */
      let count;
      const rowOf = (/** @type {object} */ message) => {
        const n = /** @type {number} */ (count);
        count = n + 1;
        return { ...message, _id: `${id}-${messageId(n)}`, session: id, n };
      };
      const inOrder = (/** @type {object} */ query) => database.findAsync({ session: id, ...query }).sort({ n: 1 });
      return {
        async append(message) {
          count ??= await database.countAsync({ session: id });
          await database.insertAsync(rowOf(message));
        },
        async appendAll(messages) {
          count ??= await database.countAsync({ session: id });
          await database.insertAsync(messages.map(rowOf));
        },
        putText: (text) =>
          database.updateAsync({ _id: `${id}-${GROWING.part}` }, { type: "text", text }, { upsert: true }),
        last: async (wanted) => (await database.findAsync({ session: id }).sort({ n: -1 }).limit(wanted)).reverse(),
        page: async (first, wanted) => await inOrder({ n: { $gte: first, $lt: first + wanted } }),
        message: (number) => database.findOneAsync({ _id: `${id}-${messageId(number)}` }),
        readAll: async () => (await inOrder({})).length,
      };
    },
    close: () => undefined,
  };
}
