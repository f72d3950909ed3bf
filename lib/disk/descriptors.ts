// Open files, at most so many of them: a server with 10,000 sessions does not run out of descriptors.
import { errno } from "../base/errors.ts";
import type { FileStat, OpenMode, Vfs, VfsFile } from "./vfs.ts";

const DENIALS: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EROFS"]);

/** A file that a path named when it was opened. It stays readable while it is pinned, whatever becomes of the path. */
export class OpenFile {
  readonly file: VfsFile;
  /** What the path named. */
  readonly dev: number;
  readonly ino: number;
  /** As it was then. */
  readonly stat: FileStat;
  /** Why it could be opened for reading only, where appending was asked for. */
  readonly denied: unknown;
  used = 0;
  #pins = 0;
  #isDropped = false;
  #isClosed = false;

  constructor(file: VfsFile, denied?: unknown) {
    this.file = file;
    this.denied = denied;
    try {
      this.stat = file.stat();
      ({ dev: this.dev, ino: this.ino } = this.stat);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  get isPinned(): boolean {
    return this.#pins > 0;
  }

  pin(): this {
    this.#pins++;
    return this;
  }

  unpin(): void {
    this.#pins--;
    this.#closeIfUnused();
  }

  /** Nobody finds it here any more; it closes when the last pin goes. */
  drop(): void {
    this.#isDropped = true;
    this.#closeIfUnused();
  }

  #closeIfUnused(): void {
    if (!this.#isDropped || this.#pins > 0 || this.#isClosed) return;
    this.#isClosed = true;
    this.file.close();
  }
}

/** Who wants a file keeps a slot; the file in it comes and goes. */
export class Slot {
  readonly path: string;
  readonly mode: OpenMode;
  open: OpenFile | undefined;

  constructor(path: string, mode: OpenMode) {
    this.path = path;
    this.mode = mode;
  }
}

export class Descriptors {
  readonly #vfs: Vfs;
  readonly #limit: number;
  readonly #slots = new Set<Slot>();
  #clock = 0;

  constructor(vfs: Vfs, limit: number) {
    this.#vfs = vfs;
    this.#limit = limit;
  }

  /** The file that the slot's path named when it was opened, opened now if need be. */
  get(slot: Slot): OpenFile {
    let { open } = slot;
    if (open === undefined) {
      if (this.#slots.size >= this.#limit) this.#evict();
      open = this.#open(slot);
      slot.open = open;
      this.#slots.add(slot);
    }
    open.used = ++this.#clock;
    return open;
  }

  /** What may not be written can still be read. */
  #open({ path, mode }: Slot): OpenFile {
    try {
      return new OpenFile(this.#vfs.open(path, mode));
    } catch (error) {
      if (mode !== "append" || !DENIALS.has(errno(error) ?? "")) throw error;
      return new OpenFile(this.#vfs.open(path, "read"), error);
    }
  }

  /** Forgets the file: the next get() opens what the path names then. */
  drop(slot: Slot): void {
    slot.open?.drop();
    slot.open = undefined;
    this.#slots.delete(slot);
  }

  dropAll(): void {
    for (const slot of this.#slots) this.drop(slot);
  }

  /** The longest unused file that is not pinned. With all pinned the limit is passed: a reader is never cut off. */
  #evict(): void {
    let oldest: Slot | undefined;
    for (const slot of this.#slots) {
      if (slot.open?.isPinned !== false) continue;
      if (oldest === undefined || slot.open.used < (oldest.open as OpenFile).used) oldest = slot;
    }
    if (oldest !== undefined) this.drop(oldest);
  }
}
