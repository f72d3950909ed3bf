// How programs change a file: in place, by a new one in its place, with or without its times.
import { closeSync, openSync, renameSync, statSync, unlinkSync, utimesSync, writeFileSync, writeSync } from "node:fs";
import { monthsOf } from "./world.ts";
import type { World } from "./world.ts";

/** One way in which things change behind a store's back. */
export interface Way {
  readonly name: string;
  /** No directory changes, only what a file holds. */
  readonly isHidden?: boolean;
  /** What was appended may be all that has changed: only refresh() reads again what lies before it. */
  readonly needsRefresh?: boolean;
  /** Gives what comes after it, if anything does: a log that went away comes back. */
  run(world: World): Promise<Rest> | Rest;
}

type Rest = (() => unknown) | void;

/** Writes into the file that is there: its inode stays, and its size if the content is as long. */
export function overwrite(world: World, path: string, content: Buffer): void {
  world.tick(path);
  const file = openSync(path, "r+");
  writeSync(file, content, 0, content.length, 0);
  closeSync(file);
}

/** Puts a new file in the place of the one that is there, as rsync and careful editors do. */
export function replace(world: World, path: string, content: Buffer): void {
  const aside = world.aside();
  writeFileSync(aside, content);
  renameSync(aside, path);
}

/** Gives a file the times back that it had. */
export function keepingTimes(path: string, change: () => void): void {
  const { atime, mtime } = statSync(path);
  change();
  utimesSync(path, atime, mtime);
}

/** Gives all month directories the times back that they had, as rsync and tar do. */
export function keepingMonths(world: World, change: () => void): void {
  const times = monthsOf(world.directory).map((path) => [path, statSync(path)] as const);
  change();
  for (const [path, { atime, mtime }] of times) {
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) utimesSync(path, atime, mtime);
  }
}

/** Removes a file and makes another one, until that has the inode of the first; where none comes, with any. */
export function reuseInode(world: World, path: string, content: Buffer): void {
  const { ino } = statSync(path);
  const others: string[] = [];
  unlinkSync(path);
  for (let tries = 0; ; tries++) {
    writeFileSync(path, content);
    if (statSync(path).ino === ino || tries === 20) break;
    // A file that holds another inode keeps that from coming again.
    others.push(world.aside());
    renameSync(path, others.at(-1) as string);
  }
  for (const other of others) unlinkSync(other);
}

/** True when a file still stands at the path of a log that was changed before. */
export function isLog(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
