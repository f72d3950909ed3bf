// The sessions in NeDB, which loads them all.
import { join } from "node:path";
import Datastore from "@seald-io/nedb";

/**
 * @param {string} path
 * @param {number} limit
 */
export function listing(path, limit) {
  const database = new Datastore({ filename: join(path, "sessions.db") });
  return {
    async first() {
      await database.loadDatabaseAsync();
      const rows = await database
        .findAsync({ parent: { $exists: false } })
        .sort({ updated: -1 })
        .limit(limit);
      return rows.map(({ _id }) => String(_id));
    },
    close: () => undefined,
  };
}
