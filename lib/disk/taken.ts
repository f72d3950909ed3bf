// Lets go of a name that other processes may be giving, moving or removing at this moment.
//
// A look at a path and then its removal are two steps: between them the path can name another file, or the reason for which
// the name was not needed any more can have gone. So the name is taken away first, which only one of all processes can do, and
// looked at then, when nobody else has it: what is not spare gets its name back. Of two that let go of the two names of one file
// at once each sees that the other name is gone, or one of them does: the file never loses both.
//
// If we crash between the two, the file is swept an hour later. That is why no name is taken unless it looks spare.
import { dirname, join } from "node:path";
import { crypto } from "../base/crypto.ts";
import { errno } from "../base/errors.ts";
import { linkOrRename } from "./aside.ts";
import type { FileStat, Vfs } from "./vfs.ts";

const MOST_TRIES = 100;

/** What became of a name: it went, or nobody had it, or it stays; or the file stays without it, at this path. */
export type LetGo = "gone" | "kept" | { readonly aside: string };

/** Takes the name away from the file that has it, if that `isSpare`, before and after. */
export function letGo(vfs: Vfs, asideDirectory: string, path: string, isSpare: (stat: FileStat) => boolean): LetGo {
  const stat = vfs.stat(path);
  if (stat === undefined) return "gone";
  if (!isSpare(stat)) return "kept";
  const aside = moveAside(vfs, asideDirectory, path);
  if (aside === undefined) return "gone";
  let isGone = false;
  let outcome: LetGo = "kept";
  try {
    isGone = isSpare(vfs.stat(aside) ?? stat);
  } finally {
    // What cannot be found out now may be needed.
    if (!isGone) outcome = giveNameBack(vfs, aside, path);
  }
  if (isGone) vfs.remove(aside);
  return isGone ? "gone" : outcome;
}

function giveNameBack(vfs: Vfs, aside: string, path: string): LetGo {
  try {
    linkOrRename(vfs, aside, path);
  } catch (error) {
    if (errno(error) === "EEXIST") return { aside };
    throw error;
  }
  vfs.remove(aside);
  return "kept";
}

/** Where the file is now; undefined: nothing has the name any more. */
function moveAside(vfs: Vfs, asideDirectory: string, path: string): string | undefined {
  let directory = asideDirectory;
  for (let tries = 1; ; tries++) {
    const aside = join(directory, crypto().randomBytes(8).toString("hex"));
    try {
      vfs.makeDirectory(directory);
      vfs.rename(path, aside);
      return aside;
    } catch (error) {
      // The cache is on another volume than the logs.
      if (errno(error) === "EXDEV" && directory === asideDirectory) directory = join(dirname(path), ".aside");
      else if (errno(error) !== "ENOENT" || tries === MOST_TRIES) throw error;
      // Or somebody removes it.
      else if (vfs.stat(path) === undefined) return undefined;
    }
  }
}
