// The index of titles, by itself. No public entry leads to it: it is reached through a store, which does more than search.
// So it is built here, from the source.
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

/** @typedef {import("../../dist/lib/indexes/titles/title.js").Title} Title */

const titles = new URL("../../lib/indexes/titles/", import.meta.url);
const built = new URL("dist/", import.meta.url);
const names = ["base-file", "build-base", "title-index"];
const input = Object.fromEntries(names.map((name) => [name, fileURLToPath(new URL(`${name}.ts`, titles))]));
const bundle = await rolldown({ input, platform: "node", external: /^[^./]/ });
await bundle.write({ dir: fileURLToPath(built) });
await bundle.close();

/** @type {typeof import("../../dist/lib/indexes/titles/base-file.js")} */
export const { decodeBase, encodeBase } = await import(new URL("base-file.js", built).href);
/** @type {typeof import("../../dist/lib/indexes/titles/build-base.js")} */
export const { buildBase } = await import(new URL("build-base.js", built).href);
/** @type {typeof import("../../dist/lib/indexes/titles/title-index.js")} */
export const { TitleIndex } = await import(new URL("title-index.js", built).href);
