// Logs that hold other bytes than they did.
import { readFileSync, statSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { isLog, keepingTimes, overwrite, replace, reuseInode } from "./file-changes.ts";
import type { Way } from "./file-changes.ts";
import { editHeader, editKeepingSize, editTitle, exchangeLines, linesAfter } from "./log-edits.ts";
import type { World } from "./world.ts";

const hasTitle = (path: string): boolean => readFileSync(path, "latin1").includes('"title":"');

/** Other content of the same size for a log: some lines are others, and the session's title if it has one. */
function edited(world: World): { path: string; content: Buffer } {
  const path = world.anyLog(world.random(3) > 0 ? hasTitle : undefined);
  return { path, content: editTitle(editKeepingSize(readFileSync(path), world.random)) };
}

/** The same, and lines that follow. */
function editedAndGrown(world: World): { path: string; content: Buffer } {
  const { path, content } = edited(world);
  return { path, content: Buffer.concat([content, Buffer.from(linesAfter(content, 3, world.random))]) };
}

function lineStart(content: Buffer, near: number): number {
  return content.lastIndexOf(10, near) + 1;
}

export const REWRITTEN: readonly Way[] = [
  {
    name: "cut at a line",
    isHidden: true,
    run(world) {
      const path = world.anyLog();
      const content = readFileSync(path);
      truncateSync(path, lineStart(content, world.random(content.length + 1)));
    },
  },
  {
    name: "cut anywhere",
    isHidden: true,
    run(world) {
      const path = world.anyLog();
      truncateSync(path, world.random(statSync(path).size + 1));
    },
  },
  {
    name: "emptied",
    isHidden: true,
    run: (world) => writeFileSync(world.anyLog(), ""),
  },
  {
    name: "cut, and grown to more than it was",
    isHidden: true,
    needsRefresh: true,
    run(world) {
      const path = world.anyLog();
      const content = readFileSync(path);
      const rest = content.subarray(0, lineStart(content, Math.floor(content.length / 2)));
      let lines = "";
      while (rest.length + lines.length <= content.length)
        lines += linesAfter(Buffer.concat([rest, Buffer.from(lines)]), 20, world.random);
      truncateSync(path, rest.length);
      writeFileSync(path, lines, { flag: "a" });
    },
  },
  {
    name: "written over in place, with the same size",
    isHidden: true,
    run(world) {
      const { path, content } = edited(world);
      overwrite(world, path, content);
    },
  },
  {
    name: "written over in place, with the same size and time",
    isHidden: true,
    run(world) {
      const { path, content } = edited(world);
      keepingTimes(path, () => overwrite(world, path, content));
    },
  },
  {
    name: "written over in place as by an editor that keeps the file, with the same size",
    isHidden: true,
    run(world) {
      const { path, content } = edited(world);
      world.tick(path);
      writeFileSync(path, content);
    },
  },
  {
    name: "written over in place, and grown",
    isHidden: true,
    needsRefresh: true,
    run(world) {
      const { path, content } = editedAndGrown(world);
      overwrite(world, path, content);
    },
  },
  {
    name: "replaced by a file of the same size",
    run(world) {
      const { path, content } = edited(world);
      replace(world, path, content);
    },
  },
  {
    name: "replaced by a file of the same size and time",
    run(world) {
      const { path, content } = edited(world);
      keepingTimes(path, () => replace(world, path, content));
    },
  },
  {
    name: "replaced by a longer file",
    run(world) {
      const { path, content } = editedAndGrown(world);
      replace(world, path, content);
    },
  },
  {
    name: "replaced by a file with the same inode, size and time",
    run(world) {
      const { path, content } = edited(world);
      keepingTimes(path, () => reuseInode(world, path, content));
    },
  },
  {
    name: "replaced by a longer file with the same inode",
    run(world) {
      const { path, content } = editedAndGrown(world);
      reuseInode(world, path, content);
    },
  },
  {
    name: "without its header, and whole again",
    isHidden: true,
    run(world) {
      const path = world.anyLog();
      const content = readFileSync(path);
      overwrite(world, path, Buffer.concat([Buffer.from("#"), content.subarray(1)]));
      return () => {
        if (isLog(path))
          overwrite(world, path, Buffer.concat([content.subarray(0, 1), readFileSync(path).subarray(1)]));
      };
    },
  },
  {
    name: "with the header of another session, and whole again",
    isHidden: true,
    run(world) {
      const path = world.anyLog();
      const content = readFileSync(path);
      keepingTimes(path, () => overwrite(world, path, editHeader(content)));
      return () => {
        if (isLog(path)) overwrite(world, path, content);
      };
    },
  },
  {
    name: "without all that came since a backup, which cp -p restores",
    isHidden: true,
    async run(world) {
      const { path, content, mtime } = await grownSinceBackup(world);
      writeFileSync(path, content);
      utimesSync(path, mtime, mtime);
    },
  },
  {
    name: "without all that came since a backup, which rsync -a restores",
    async run(world) {
      const { path, content, mtime } = await grownSinceBackup(world);
      replace(world, path, content);
      utimesSync(path, mtime, mtime);
    },
  },
];

/**
 * Logs that are not in order any more. The end of such a log, where it is read alone, does not tell what is newest: so
 * these stand apart, and are followed by no other change.
 */
export const REORDERED: readonly Way[] = [
  {
    name: "with two lines in each other's place",
    isHidden: true,
    run(world) {
      const path = world.anyLog();
      overwrite(world, path, exchangeLines(readFileSync(path), world.random));
    },
  },
];

/** A log, as it was before it has grown. All stores know what came since. */
async function grownSinceBackup(world: World): Promise<{ path: string; content: Buffer; mtime: Date }> {
  const path = world.anyLog();
  const content = readFileSync(path);
  const { mtime } = statSync(path);
  writeFileSync(path, linesAfter(content, 5, world.random), { flag: "a" });
  // What a store knows when it closes is what the next one finds.
  if (world.random(2) === 0) await world.open();
  for (const asked of [world.here, world.elsewhere]) {
    await asked.ask(undefined, "refresh");
    await asked.ask(undefined, "sessions", { all: true });
  }
  return { path, content, mtime };
}
