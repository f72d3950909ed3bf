// The sessions in a JSON file each: all are read to know the newest.
import fs from "node:fs";
import { join } from "node:path";

/**
 * @param {string} path
 * @param {number} limit
 */
export function listing(path, limit) {
  return {
    first() {
      /** @type {{ id: string, parent?: string, updated: number }[]} */
      const rows = fs.readdirSync(path).map((name) => JSON.parse(fs.readFileSync(join(path, name), "utf8")));
      const roots = rows.filter(({ parent }) => parent === undefined);
      return roots
        .sort((a, b) => b.updated - a.updated)
        .slice(0, limit)
        .map(({ id }) => id);
    },
    close: () => undefined,
  };
}
