// The files of attachments, by the hash of their content. One is there whole or not at all, and on the disk, before a
// line names it; it never changes. What nothing has named for long lies in the trash, and is found there, too.
import { dirname, join } from "node:path";
import { errno } from "../base/errors.ts";
import { Aside } from "./aside.ts";
import type { Layout } from "./names.ts";
import type { Vfs } from "./vfs.ts";

const BLOB_NAME = /^([0-9a-f]{64})(?:\.[a-z0-9]+)?$/;
/** Who believes a file that was not touched for so long touches it, so that nobody collects it before the line is written. */
const TOUCHED_MS = 600_000;
/** So many are remembered as being on the disk. */
const MOST_SETTLED = 10_000;

export interface BlobFile {
  readonly hash: string;
  readonly path: string;
  readonly bytes: number;
}

/** What a file is to have. */
export interface BlobContent {
  readonly hash: string;
  readonly bytes: number;
  /** The ending of its name, with the dot. */
  readonly ending: string;
  /** Its bytes, in order; others get their turn between them. */
  readonly pieces: () => AsyncIterable<Buffer>;
}

/** The hash that a file in blobs/ is named by; undefined: it is none of ours. */
export function hashIn(name: string): string | undefined {
  return BLOB_NAME.exec(name)?.[1];
}

export class Blobs {
  readonly #vfs: Vfs;
  readonly #layout: Layout;
  /** What is known to be on the disk: hashes, and directories. */
  readonly #settled = new Set<string>();

  constructor(vfs: Vfs, layout: Layout) {
    this.#vfs = vfs;
    this.#layout = layout;
  }

  /** The files of a hash, whatever their sizes; those in the trash last. */
  *find(hash: string): Generator<BlobFile> {
    yield* this.#filesIn(dirname(this.#layout.blob(hash, "")), hash);
    yield* this.#filesIn(dirname(this.#layout.trashedBlob(hash, "")), hash);
  }

  *#filesIn(directory: string, hash: string): Generator<BlobFile> {
    for (const name of this.#vfs.names(directory)) {
      if (!name.startsWith(hash) || hashIn(name) !== hash) continue;
      const path = join(directory, name);
      const stat = this.#vfs.stat(path);
      if (stat !== undefined) yield { hash, path, bytes: stat.size };
    }
  }

  /** Makes sure that a content is there, and on the disk. A file with its name and its size is believed. */
  async keep(content: BlobContent): Promise<void> {
    const { hash, bytes, ending } = content;
    const directory = dirname(this.#layout.blob(hash, ending));
    const found = [...this.#filesIn(directory, hash)].find((file) => file.bytes === bytes);
    if (found !== undefined && this.#touch(found.path)) {
      if (!this.#settled.has(hash)) await this.#syncFile(found.path);
      await this.#settle(hash, found.path);
      return;
    }
    const path = this.#layout.blob(hash, ending);
    const aside = new Aside(this.#vfs, this.#layout.aside);
    try {
      for await (const piece of content.pieces()) aside.write(piece);
      await aside.file.sync();
      const { dev, ino } = aside.file.stat();
      this.#vfs.makeDirectory(dirname(path));
      // A file of the wrong size gives way to it; one that another process made meanwhile is the same.
      aside.replace(path);
      const there = this.#vfs.stat(path);
      // Copied from another volume, so it is not the file that was synced.
      if (there?.ino !== ino || there.dev !== dev) await this.#syncFile(path);
    } finally {
      aside.discard();
    }
    // It may have been there before, and been collected.
    this.forget(hash);
    await this.#settle(hash, path);
  }

  /** False: it is gone. A time that cannot be set is another user's file, whom the collector here does not touch either. */
  #touch(path: string): boolean {
    try {
      const stat = this.#vfs.stat(path);
      if (stat === undefined) return false;
      if (Date.now() - stat.mtimeMs > TOUCHED_MS) this.#vfs.setTime(path, Date.now());
      return true;
    } catch (error) {
      if (errno(error) === "ENOENT") return false;
      if (errno(error) !== "EPERM" && errno(error) !== "EACCES") throw error;
      return true;
    }
  }

  async #syncFile(path: string): Promise<void> {
    const file = this.#vfs.open(path, "read");
    try {
      await file.sync();
    } catch (error) {
      // Windows syncs no file that is open for reading only; whoever wrote it has.
      if (errno(error) !== "EPERM") throw error;
    } finally {
      file.close();
    }
  }

  /** Its name is on the disk, as are those of the directories that it lies in. */
  async #settle(hash: string, path: string): Promise<void> {
    if (this.#settled.has(hash)) return;
    const { blobs, root } = this.#layout;
    await this.#vfs.syncDirectory(dirname(path));
    for (const directory of [blobs, root]) {
      const name = `${directory} ${dirname(path)}`;
      if (this.#settled.has(name)) continue;
      await this.#vfs.syncDirectory(directory);
      this.#settled.add(name);
    }
    if (this.#settled.size >= MOST_SETTLED) this.#settled.clear();
    this.#settled.add(hash);
  }

  /** It was taken away: what is known of it does not hold any more. */
  forget(hash: string): void {
    this.#settled.delete(hash);
  }
}
