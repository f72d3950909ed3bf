// What a contender can be sent to do.
import fs from "node:fs";
import { join } from "node:path";
import { appendAtOnce, appendBatches, appendOne, appendRate, streamText } from "./append-tasks.mjs";
import { fill, readOpen, readOpening } from "./read-tasks.mjs";
import { closeAll } from "./side-session.mjs";

/** @typedef {import("./contenders/contender.mjs").Contender} Contender */
/** @typedef {import("./contenders/contender.mjs").Opened} Opened */
/** @typedef {import("./contenders/contender.mjs").OpenedSession} OpenedSession */
/**
 * @typedef {{ contender: Contender, directory: string, durability: import("./contenders/contender.mjs").Durability,
 *   opened: Opened | undefined, handles: Map<string, OpenedSession> }} SideState
 */

export const tasks = {
  appendOne,
  appendAtOnce,
  appendBatches,
  appendRate,
  streamText,
  fill,
  readOpen,
  readOpening,
  bytes: (/** @type {SideState} */ state) => bytesBelow(state.directory),
  close: closeAll,
};

/** @typedef {keyof typeof tasks} TaskName */

/**
 * What lies on the disk, each file once.
 *
 * @param {string} directory
 * @param {(name: string) => boolean} fits
 * @returns {number}
 */
export function bytesBelow(directory, fits = () => true) {
  const seen = new Map();
  for (const name of /** @type {string[]} */ (fs.readdirSync(directory, { recursive: true }))) {
    if (!fits(name)) continue;
    const stat = fs.statSync(join(directory, name));
    if (stat.isFile()) seen.set(stat.ino, stat.blocks * 512);
  }
  return [...seen.values()].reduce((sum, bytes) => sum + bytes, 0);
}
