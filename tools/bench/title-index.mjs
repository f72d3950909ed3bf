// The index of titles, by itself. No public entry leads to it: it is reached through a store, which does more than search.
// oxlint-disable no-restricted-imports
export { decodeBase, encodeBase } from "../../dist/lib/indexes/titles/base-file.js";
export { buildBase } from "../../dist/lib/indexes/titles/build-base.js";
export { TitleIndex } from "../../dist/lib/indexes/titles/title-index.js";

/** @typedef {import("../../dist/lib/indexes/titles/title.js").Title} Title */
