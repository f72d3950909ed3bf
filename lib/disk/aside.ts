// A file appears whole or not at all: it is written aside and then gets its name.
import { dirname, join } from "node:path";
import { crypto } from "../base/crypto.ts";
import { errno, StoreError } from "../base/errors.ts";
import { giveWay } from "../base/turn.ts";
import type { Vfs, VfsFile } from "./vfs.ts";

/** What lies aside for longer was left by a crash. */
export const ASIDE_STAYS_MS = 3_600_000;
/** What file systems without hard links answer to link(). */
const NO_LINKS: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);
const COPY_BYTES = 4 * 1024 * 1024;
const COMPARED_BYTES = 1024 * 1024;
const MOST_TRIES = 100;

export class Aside {
  readonly path: string;
  readonly file: VfsFile;
  readonly #vfs: Vfs;

  /** If we crash before it has its name, it stays in this directory until the next open sweeps it. */
  constructor(vfs: Vfs, directory: string) {
    this.#vfs = vfs;
    this.path = join(directory, crypto().randomBytes(8).toString("hex"));
    this.file = create(vfs, this.path);
  }

  write(content: string | Buffer): void {
    const bytes = Buffer.byteLength(content);
    const written = this.file.write(content, bytes);
    if (written !== bytes) throw shortWrite();
  }

  /** Gives the file its name, which nobody must have: EEXIST. */
  publish(path: string): void {
    this.#vfs.makeDirectory(dirname(path));
    try {
      this.#vfs.link(this.path, path);
    } catch (error) {
      if (errno(error) === "EXDEV") this.#moveNear(path).publish(path);
      else if (this.#isGone(error)) this.#copy(dirname(this.path)).publish(path);
      else if (NO_LINKS.has(errno(error) ?? "")) this.#copyTo(path);
      else throw error;
    } finally {
      this.discard();
    }
  }

  /** Gives the file a name in place of the one that has it. */
  replace(path: string): void {
    try {
      this.#vfs.rename(this.path, path);
    } catch (error) {
      if (errno(error) === "EXDEV") this.#moveNear(path).replace(path);
      else if (this.#isGone(error)) this.#copy(dirname(this.path)).replace(path);
      else throw error;
    } finally {
      this.discard();
    }
  }

  discard(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.file.close();
    try {
      this.#vfs.remove(this.path);
    } catch {
      // It is swept within the hour; what it was made for is done, or has failed for a reason of its own.
    }
  }

  #isClosed = false;

  /** No hard links: the file is made under its name, and only its first write is whole. */
  #copyTo(path: string): void {
    const target = this.#vfs.open(path, "create");
    try {
      copy(this.file, target);
    } catch (error) {
      // Half a copy under the name would be a damaged log.
      this.#vfs.remove(path);
      throw error;
    } finally {
      target.close();
    }
  }

  /** The cache is on another volume than the logs: no name of theirs can be given to a file there. */
  #moveNear(path: string): Aside {
    return this.#copy(join(dirname(path), ".aside"));
  }

  /** Somebody removed the cache, and this file in it; what was written is still there for who has it open. */
  #isGone(error: unknown): boolean {
    return errno(error) === "ENOENT" && this.#vfs.stat(this.path) === undefined;
  }

  #copy(directory: string): Aside {
    const other = new Aside(this.#vfs, directory);
    copy(this.file, other.file);
    return other;
  }
}

/** Makes the file and the directory, which another process may be removing at this moment. */
function create(vfs: Vfs, path: string): VfsFile {
  for (let tries = 1; ; tries++) {
    try {
      vfs.makeDirectory(dirname(path));
      return vfs.open(path, "create");
    } catch (error) {
      if (errno(error) !== "ENOENT" || tries === MOST_TRIES) throw error;
    }
  }
}

function copy(from: VfsFile, to: VfsFile): void {
  const { size } = from.stat();
  const bytes = Buffer.allocUnsafe(Math.min(size, COPY_BYTES));
  for (let position = 0; position < size;) {
    const count = from.read(bytes, 0, bytes.length, position);
    if (to.write(bytes.subarray(0, count), count) !== count) throw shortWrite();
    position += count;
  }
}

function shortWrite(): Error {
  return Object.assign(new Error("not all bytes were written"), { code: "ENOSPC" });
}

/** A second name for a file, or another one where the file system has no hard links. EEXIST: there is a file of that name. */
export function linkOrRename(vfs: Vfs, from: string, to: string): void {
  try {
    vfs.link(from, to);
  } catch (error) {
    if (!NO_LINKS.has(errno(error) ?? "")) throw error;
    if (vfs.stat(to) !== undefined) throw Object.assign(new Error(`${to} exists`), { code: "EEXIST" });
    vfs.rename(from, to);
  }
}

/** A second name for a file, or a copy of it where the file system, or the volume, allows no second name. */
export function linkOrCopy(vfs: Vfs, asideDirectory: string, from: string, to: string): void {
  vfs.makeDirectory(dirname(to));
  try {
    vfs.link(from, to);
    return;
  } catch (error) {
    if (errno(error) !== "EXDEV" && !NO_LINKS.has(errno(error) ?? "")) throw error;
  }
  const aside = new Aside(vfs, asideDirectory);
  const source = vfs.open(from, "read");
  try {
    copy(source, aside.file);
    aside.publish(to);
  } finally {
    source.close();
    aside.discard();
  }
}

/** Reads both, and throws unless they are the same: what is about to go has a copy that can be read. */
export async function compareFiles(vfs: Vfs, path: string, other: string): Promise<void> {
  const files = [vfs.open(path, "read")];
  try {
    files.push(vfs.open(other, "read"));
    const [a, b] = files as [VfsFile, VfsFile];
    const [statA, statB] = [a.stat(), b.stat()];
    // Two names of one file.
    if (statA.dev === statB.dev && statA.ino === statB.ino) return;
    const buffers = [Buffer.allocUnsafe(COMPARED_BYTES), Buffer.allocUnsafe(COMPARED_BYTES)] as const;
    let isSame = statA.size === statB.size;
    for (let done = 0; isSame && done < statA.size; await giveWay()) {
      const counts = [
        a.read(buffers[0], 0, COMPARED_BYTES, done),
        b.read(buffers[1], 0, COMPARED_BYTES, done),
      ] as const;
      isSame = counts[0] > 0 && buffers[0].subarray(0, counts[0]).equals(buffers[1].subarray(0, counts[1]));
      done += counts[0];
    }
    if (!isSame) throw new StoreError("IO", "the copy does not read back as what it was made of", { path: other });
  } finally {
    for (const file of files) file.close();
  }
}

/** Writes a small file whole, in place of one that may be there. */
export function replaceText(vfs: Vfs, asideDirectory: string, path: string, text: string): void {
  for (let tries = 1; ; tries++) {
    const aside = new Aside(vfs, asideDirectory);
    try {
      aside.write(text);
      vfs.makeDirectory(dirname(path));
      aside.replace(path);
      return;
    } catch (error) {
      // Another process removes the directory, as the cache may be at any time.
      if (errno(error) !== "ENOENT" || tries === MOST_TRIES) throw error;
    } finally {
      aside.discard();
    }
  }
}

/** Brings the names in these directories to the disk, and those in the directories that they lie in, up to `root`. */
export async function syncUp(vfs: Vfs, root: string, directories: Iterable<string>): Promise<void> {
  const all = new Set<string>();
  for (const directory of directories)
    for (let each = directory; each.startsWith(root) && !all.has(each); each = dirname(each)) all.add(each);
  for (const directory of all) await vfs.syncDirectory(directory);
}
