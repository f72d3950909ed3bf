// One read in a process of its own: node memory-side.mjs STORE READ MESSAGE. Prints the largest megabytes, as JSON.
import { openStore } from "../../dist/lib/index.js";
import { watchHeap } from "./heap.mjs";

const LIMIT = 50;
/** So often it is looked at while messages come without a pause. */
const LOOK_EVERY = 500;

const [root, read, middle] = /** @type {[string, string, string]} */ (/** @type {unknown} */ (process.argv.slice(2)));
const watch = watchHeap();
const store = await openStore(root);
const session = store.session("session-0");

/** @type {Record<string, () => Promise<boolean>>} whether what came is what was asked for */
const reads = {
  last: async () => (await count(session.messages({ last: LIMIT }))) === LIMIT,
  page: async () => (await session.page({ limit: LIMIT, around: middle })).items.length === LIMIT,
  message: async () => (await session.message(middle)) !== undefined,
  all: async () => (await count(session.messages())) > LIMIT,
  list: async () => (await store.page({ limit: LIMIT })).items.length > 0,
  search: async () => (await count(store.searchMessages("what nobody ever said"))) === 0,
};
const isRight = await reads[read]();
if (!isRight) throw new Error(`${read} gave something else`);
const used = watch.stop();
await store.close();
process.stdout.write(JSON.stringify(used));

/** @param {AsyncIterable<unknown>} items */
async function count(items) {
  let found = 0;
  for await (const _ of items) if (++found % LOOK_EVERY === 0) watch.look();
  return found;
}
