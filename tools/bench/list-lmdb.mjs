// The sessions in LMDB: the newest by an index, each by its id.
import { open } from "lmdb";

/**
 * @param {string} path
 * @param {number} limit
 */
export function listing(path, limit) {
  /** @type {import("lmdb").RootDatabase<any>} */
  let database;
  return {
    first() {
      database = open({ path, readOnly: true });
      const range = { start: ["updated", Infinity], end: ["updated", 0], reverse: true, limit };
      return [...database.getRange(range)].map(({ value }) => String(database.get(value).id));
    },
    close: () => database.close(),
  };
}
