// The files below a directory that may be sessions. Those of a tool's home are where it keeps them, and not elsewhere.
import { basename, join } from "node:path";
import { giveWay } from "../base/turn.ts";
import type { OnProblem } from "./importer.ts";
import { tolerating } from "./importer.ts";
import { kindOf, namesIn } from "./source.ts";

/** A home, projects, a project, years, months and days, and folders that people keep copies in. */
const MOST_LEVELS = 10;
const OTHER_DIRECTORIES: ReadonlySet<string> = new Set(["node_modules", ".git"]);

export interface Walk {
  /** True for the names of files that may be sessions. */
  readonly file: RegExp;
  /** The names of a home of the tool, or of a file that is there in one. */
  readonly home: RegExp;
  /** Where the tool keeps its sessions in its home, which is looked through there only. */
  readonly rooms: readonly string[];
}

/** The file itself, or all below the directory; those that cannot be read are told of. */
export async function* filesBelow(path: string, walk: Walk, onProblem: OnProblem, level = 0): AsyncGenerator<string> {
  if (kindOf(path) !== "directory") {
    if (walk.file.test(path)) yield path;
    return;
  }
  await giveWay();
  const names = level === 0 ? namesIn(path) : tolerating(path, onProblem, () => namesIn(path), undefined);
  if (names === undefined) return;
  const isHome = [basename(path), ...names.files].some((name) => walk.home.test(name));
  const rooms = isHome ? names.directories.filter((name) => walk.rooms.includes(name)) : [];
  for (const name of rooms.length > 0 ? [] : names.files) {
    if (walk.file.test(name)) yield join(path, name);
  }
  if (level === MOST_LEVELS) return;
  for (const name of rooms.length > 0 ? rooms : names.directories) {
    if (!OTHER_DIRECTORIES.has(name)) yield* filesBelow(join(path, name), walk, onProblem, level + 1);
  }
}
