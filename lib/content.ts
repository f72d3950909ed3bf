// `turnlog/content`: what a message says, whichever tool shaped it. Pure, and loads nothing else of the library.
export { blocksOf, mediaBytes, roleOf } from "./exporters/content.ts";
export type { Block, Media, Said } from "./exporters/content.ts";
