// A lock is a directory with one file in it: what is in the file says who holds the lock, its name is the holder's
// token, its time the heartbeat. proper-lockfile makes, refreshes and removes it through this. The directory gets its
// name with the file in it, by a rename that only one of all contenders can do; and all that is done to a lock later
// names the token. So nobody refreshes, removes or takes over a lock that is another's by now, however late they wake:
//
//   take       make the directory aside, with the file; rename it. If we crash before the rename: it is swept
//   refresh    set the file's time
//   give up    remove the file, then the directory, which fails where another one is there by now. If we crash between
//              them: an empty directory is a free lock, and the next rename replaces it
//   take over  remove the dead holder's file; then take. Whose removal comes late removes nothing
import { dirname, join } from "node:path";
import { crypto } from "../base/crypto.ts";
import { errno } from "../base/errors.ts";
import { thisThread } from "./lease-holder.ts";
import type { Holder } from "./lease-holder.ts";
import type { Vfs } from "./vfs.ts";

export const LOCK_ENDING = ".lock";
/** What rename() and rmdir() answer where a directory is not empty. */
const NOT_EMPTY: ReadonlySet<string> = new Set(["EEXIST", "ENOTEMPTY"]);
/** What rename() answers on Windows where a directory has the name, empty or not, and what else they can mean. */
const DENIED: ReadonlySet<string> = new Set(["EPERM", "EACCES", "EBUSY"]);
const MOST_TRIES = 100;

/** The files of a session's lease. */
export interface LeasePaths {
  readonly lock: string;
  /** Where those who wait have their tickets. */
  readonly asked: string;
  /** Where locks are made. */
  readonly aside: string;
}

/** Who holds a lock, as its file says. */
export interface Claim {
  readonly token: string;
  /** Undefined: what is in the file is no holder. */
  readonly holder: Holder | undefined;
  readonly heartbeatMs: number;
}

/** Who holds the lock; undefined: nobody. */
export function readClaim(vfs: Vfs, lock: string): Claim | undefined {
  for (const token of vfs.names(lock)) {
    const path = join(lock, token);
    const heartbeatMs = vfs.stat(path)?.mtimeMs;
    const text = vfs.readText(path);
    // Given up while we looked.
    if (heartbeatMs === undefined || text === undefined) continue;
    return { token, holder: parseHolder(text), heartbeatMs };
  }
  return undefined;
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { host, pid, thread, since, ...rest } = JSON.parse(text) as Partial<Holder>;
    if (typeof host !== "string" || typeof since !== "string" || !Number.isInteger(thread)) return undefined;
    if (pid === undefined || !Number.isInteger(pid) || pid <= 0) return undefined;
    return { host, pid, thread: thread as number, since, ...rest };
  } catch {
    return undefined;
  }
}

/** Ends this one claim, if it still stands. */
export function endClaim(vfs: Vfs, lock: string, token: string): void {
  vfs.remove(join(lock, token));
  try {
    vfs.removeDirectory(lock);
  } catch (error) {
    if (errno(error) !== "ENOENT" && !NOT_EMPTY.has(errno(error) ?? "")) throw error;
  }
}

/** The file system that proper-lockfile sees: one lock, which is one holder's. */
export class LockFiles {
  readonly token: string = crypto().randomBytes(12).toString("hex");
  readonly #vfs: Vfs;
  readonly #paths: LeasePaths;
  readonly #path: string;
  readonly #thread: number;
  #heartbeat: Date = new Date(0);

  /** `thread` is the number that Node gives to this thread. */
  constructor(vfs: Vfs, paths: LeasePaths, thread: number) {
    this.#vfs = vfs;
    this.#thread = thread;
    this.#paths = paths;
    this.#path = join(paths.lock, this.token);
  }

  /** True while the lock is ours. */
  get isOurs(): boolean {
    return this.#vfs.stat(this.#path) !== undefined;
  }

  /** Throws ELOCKED where another one has the lock. */
  mkdirSync(): void {
    for (let tries = 1; ; tries++) {
      try {
        this.#publish();
        return;
      } catch (error) {
        // Somebody removes the cache, or the lock was given up between two looks.
        if (errno(error) !== "ENOENT" || tries === MOST_TRIES) throw error;
      }
    }
  }

  /** The time that we gave it: file systems round it, each in its way, and whose file it is the name tells. */
  statSync(): { readonly mtime: Date } {
    if (!this.isOurs) throw Object.assign(new Error("the lock is not ours any more"), { code: "ENOENT" });
    return { mtime: this.#heartbeat };
  }

  utimesSync(_path: string, _accessed: Date, changed: Date): void {
    this.#vfs.setTime(this.#path, changed.getTime());
    this.#heartbeat = changed;
  }

  rmdirSync(): void {
    endClaim(this.#vfs, this.#paths.lock, this.token);
  }

  #publish(): void {
    const vfs = this.#vfs;
    const { lock, aside: directory } = this.#paths;
    const aside = join(directory, this.token);
    const path = join(aside, this.token);
    try {
      vfs.makeDirectory(aside);
      this.#write(path);
      vfs.makeDirectory(dirname(lock));
      if (process.platform === "win32") removeEmpty(vfs, lock);
      vfs.rename(aside, lock);
    } catch (error) {
      vfs.remove(path);
      removeEmpty(vfs, aside);
      const code = errno(error) ?? "";
      if (NOT_EMPTY.has(code) || (DENIED.has(code) && vfs.names(lock).length > 0))
        throw Object.assign(new Error("another one has the lock"), { code: "ELOCKED" });
      throw error;
    }
  }

  #write(path: string): void {
    const holder: Holder = { ...thisThread(this.#vfs), thread: this.#thread, since: new Date().toISOString() };
    const text = `${JSON.stringify(holder)}\n`;
    const bytes = Buffer.byteLength(text);
    const file = this.#vfs.open(path, "create");
    try {
      if (file.write(text, bytes) !== bytes)
        throw Object.assign(new Error("not all bytes were written"), { code: "ENOSPC" });
    } finally {
      file.close();
    }
  }
}

/** Windows replaces no directory by a rename, not even an empty one. */
function removeEmpty(vfs: Vfs, directory: string): void {
  try {
    vfs.removeDirectory(directory);
  } catch {
    // It is not there, or not empty: what is done next says so.
  }
}
