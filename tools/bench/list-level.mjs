// The sessions in LevelDB, likewise.
import { ClassicLevel } from "classic-level";

/**
 * @param {string} path
 * @param {number} limit
 */
export function listing(path, limit) {
  /** @type {ClassicLevel<string, any>} */
  const database = new ClassicLevel(path, { valueEncoding: "json" });
  return {
    async first() {
      await database.open();
      const range = { gte: "updated!", lt: 'updated"', reverse: true, limit };
      const ids = await database.values(range).all();
      const rows = await database.getMany(ids.map((id) => `session!${id}`));
      return rows.map(({ id }) => String(id));
    },
    close: () => database.close(),
  };
}
