// What becomes of a cache: whatever lies there but for the machine's name, and the records of logs that were replaced,
// is an index, and an index may be anything.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, join, relative, sep } from "node:path";
import type { Way } from "./file-changes.ts";
import { filesOf } from "./files.ts";
import { shuffled } from "./random.ts";
import type { World } from "./world.ts";

const NO_INDEXES: ReadonlySet<string> = new Set(["machines", "replaced", "aside"]);

function cacheOf({ directory }: World): string {
  return join(directory, ".cache");
}

/** All files in the cache that are indexes, in any order. */
function indexFiles(world: World): string[] {
  const cache = cacheOf(world);
  if (!existsSync(cache)) return [];
  const files = filesOf(cache).filter((path) => !NO_INDEXES.has(relative(cache, path).split(sep)[0] as string));
  return shuffled(world.random, files);
}

/** All indexes, or some of them: at least one, if there are any. */
function someIndexes(world: World): string[] {
  const files = indexFiles(world);
  return world.random(2) === 0 ? files : files.slice(0, 1 + world.random(files.length));
}

function noise(world: World, length: number): Buffer {
  return Buffer.from(Array.from({ length: Math.min(length, 4096) }, () => world.random(256)));
}

/** Another content, and perhaps the times of the one before. */
function rewrite(world: World, path: string, change: (content: Buffer) => Buffer): void {
  const { atime, mtime } = statSync(path);
  writeFileSync(path, change(readFileSync(path)));
  if (world.random(2) === 0) utimesSync(path, atime, mtime);
}

export const CACHE: readonly Way[] = [
  { name: "gone", run: removeAll },
  {
    name: "noise",
    run(world) {
      for (const path of someIndexes(world)) rewrite(world, path, ({ length }) => noise(world, length));
    },
  },
  {
    name: "NULs",
    run(world) {
      for (const path of someIndexes(world)) rewrite(world, path, ({ length }) => Buffer.alloc(length));
    },
  },
  {
    name: "different in a few bits",
    run(world) {
      for (const path of someIndexes(world)) {
        rewrite(world, path, (content) => {
          for (let flips = 1 + world.random(2); flips > 0 && content.length > 0; flips--) {
            const at = world.random(content.length);
            content[at] = (content[at] as number) ^ (1 << world.random(8));
          }
          return content;
        });
      }
    },
  },
  {
    name: "each in the place of another",
    run(world) {
      const paths = someIndexes(world);
      const contents = paths.map((path) => readFileSync(path));
      paths.forEach((path, at) => writeFileSync(path, contents[(at + 1) % contents.length] as Buffer));
    },
  },
  {
    name: "followed by noise",
    run(world) {
      for (const path of someIndexes(world))
        rewrite(world, path, (content) => Buffer.concat([content, noise(world, 100)]));
    },
  },
  {
    name: "directories",
    run(world) {
      for (const path of someIndexes(world)) {
        rmSync(path);
        mkdirSync(path);
      }
    },
  },
  // An index that is whole, and old: nothing in it tells that it is.
  {
    name: "cut",
    isHidden: true,
    run(world) {
      for (const path of someIndexes(world)) truncateSync(path, world.random(statSync(path).size + 1));
    },
  },
  {
    name: "gone in part",
    isHidden: true,
    run(world) {
      for (const path of someIndexes(world)) rmSync(path);
    },
  },
  {
    name: "that of a backup, restored when the logs have grown",
    isHidden: true,
    async run(world) {
      const cache = cacheOf(world);
      if (!existsSync(cache)) return undefined;
      const backup = world.aside();
      // What an open store has in hand there may go while it is copied.
      const filter = (path: string): boolean => basename(path) !== "aside";
      cpSync(cache, backup, { recursive: true, preserveTimestamps: true, filter });
      for (const id of ["alpha", "gamma", `new-${world.random(1e9)}`]) {
        await world.here.ask(id, "append", { text: "since the backup ".repeat(200) });
        await world.elsewhere.ask(id, "update", { title: `since the backup ${world.random(1e9)}` });
      }
      return () => restore(world, backup);
    },
  },
];

/**
 * A store that is open may write into it at this moment: it gets another name first, under which nobody does. There may be
 * none: nothing was written since it went.
 */
function removeAll(world: World): void {
  const gone = world.aside();
  if (!existsSync(cacheOf(world))) return;
  renameSync(cacheOf(world), gone);
  rmSync(gone, { recursive: true });
}

/** The same store may begin a new one between the two steps. */
function restore(world: World, backup: string): void {
  for (;;) {
    removeAll(world);
    try {
      renameSync(backup, cacheOf(world));
      return;
    } catch (error) {
      if (!["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
}
