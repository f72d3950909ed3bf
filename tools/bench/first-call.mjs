// One call in a process of its own: node first-call.mjs STORE SESSION COUNT. Prints its milliseconds.
import { openStore } from "../../dist/lib/index.js";

const [root, id, last] = /** @type {[string, string, string]} */ (/** @type {unknown} */ (process.argv.slice(2)));
const store = await openStore(root);
const start = performance.now();
const entries = [];
for await (const entry of store.session(id).messages({ last: Number(last) })) entries.push(entry);
const time = performance.now() - start;
await store.close();
if (entries.length !== Number(last)) throw new Error(`${entries.length} messages where ${last} were expected`);
process.stdout.write(String(time));
