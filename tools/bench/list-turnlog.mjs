// A store of sessions, to be listed in a process that has nothing else loaded.
import { openStore } from "../../dist/lib/index.js";

/**
 * @param {string} path
 * @param {number} limit
 * @param {string} project
 * @returns {import("./list.mjs").Listing}
 */
export function listing(path, limit, project) {
  /** @type {import("../../dist/lib/index.js").Store} */
  let store;
  /** @type {string | undefined} */
  let next;
  const idsOf = (/** @type {import("../../dist/lib/index.js").SessionPage} */ { items }) => items.map(({ id }) => id);
  return {
    async first() {
      store = await openStore(path);
      const page = await store.page({ limit });
      ({ next } = page);
      return idsOf(page);
    },
    next: async () => idsOf(await store.page({ limit, after: next })),
    project: async () => idsOf(await store.page({ limit, project })),
    created: async () => idsOf(await store.page({ limit, order: "created" })),
    count: () => store.count(),
    close: () => store.close(),
  };
}
