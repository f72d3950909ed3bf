// What came out of archived logs, so that they are read as any other: files of this machine's cache, which may vanish. Each
// is called by what the archived log looked like, so it fits that one or is asked for no more.
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { crypto } from "../../base/crypto.ts";
import { errno, StoreError } from "../../base/errors.ts";
import { Aside } from "../../disk/aside.ts";
import { fingerprintOf, isRacy, isSameFile, mayBeWritten, WRITE_MS } from "../../disk/fingerprint.ts";
import type { Fingerprint } from "../../disk/fingerprint.ts";
import { PACKED_ENDING } from "../../disk/names.ts";
import type { Layout } from "../../disk/names.ts";
import type { Vfs } from "../../disk/vfs.ts";
import { Log } from "../../log/log.ts";

/** So much stays, beside what is being read. */
const MOST_BYTES = 256 * 1024 * 1024;
const MOST_FILES = 64;
const STAYS_MS = 86_400_000;
/** What a cache answers that takes no more: the store lies on a medium that cannot be written, or that is full. */
const REFUSALS: ReadonlySet<string> = new Set(["EROFS", "EACCES", "EPERM", "ENOSPC", "EDQUOT"]);

export class UnpackedLogs {
  readonly #vfs: Vfs;
  readonly #layout: Layout;
  /** Where the cache takes nothing: a directory of this open store alone, and what is in it. */
  #elsewhere: string | undefined;
  readonly #movedOut = new Set<string>();

  constructor(vfs: Vfs, layout: Layout) {
    this.#vfs = vfs;
    this.#layout = layout;
  }

  /** Where what comes out of an archived log is read. */
  pathOf(packed: string, { ino, size, mtimeMs, ctimeMs }: Fingerprint): string {
    const text = JSON.stringify([packed, ino, size, mtimeMs, ctimeMs]);
    const key = crypto().createHash("sha256").update(text).digest("hex").slice(0, 32);
    return join(this.#movedOut.has(key) ? this.#ownDirectory() : this.#layout.unpacked, key);
  }

  /**
   * Sees to it that these logs can be read, those of the archive among them. False: one is another by now, or is read
   * elsewhere; they are to be looked up anew. Throws DAMAGED for one that is no whole gzip.
   */
  async prepare(logs: readonly Log[]): Promise<boolean> {
    let hasNew = false;
    for (const log of logs) {
      const { packed } = log;
      if (packed === undefined) continue;
      if (!log.isPackedAsMet(this.#vfs)) return false;
      const stat = this.#vfs.stat(log.path);
      if (stat !== undefined && !isRacy(packed.print, stat.mtimeMs)) continue;
      if (!(await this.#unpack(packed.path, packed.print, log.path))) return false;
      hasNew = true;
    }
    if (hasNew) this.#makeRoom(new Set(logs.map(({ path }) => path)));
    return true;
  }

  /** Where a log can be read: one of the archive is unpacked. */
  async readable(path: string): Promise<string> {
    const stat = path.endsWith(PACKED_ENDING) ? this.#vfs.stat(path) : undefined;
    if (stat === undefined) return path;
    const print = fingerprintOf(stat);
    const packed = { path, print, readAtMs: Date.now() };
    const log = new Log(this.pathOf(path, print), "", 0, "read", packed);
    await this.prepare([log]);
    return this.pathOf(path, print);
  }

  /** Unpacks an archived log, of any file system, into a file without a name, which goes when it is discarded. */
  async unpackAside(packed: string, vfs: Vfs = this.#vfs): Promise<Aside> {
    const { unpackTo } = await import("../../disk/gzip.ts");
    const file = vfs.open(packed, "read");
    const into = async (directory: string): Promise<Aside> => {
      const aside = new Aside(this.#vfs, directory);
      try {
        await unpackTo(file, packed, aside);
        return aside;
      } catch (error) {
        aside.discard();
        throw error;
      }
    };
    try {
      return await into(this.#layout.aside).catch(async (error: unknown) => {
        if (error instanceof StoreError || !REFUSALS.has(errno(error) ?? "")) throw error;
        return await into(this.#ownDirectory());
      });
    } finally {
      file.close();
    }
  }

  /** What came out of this archived log is not needed any more. */
  remove(packed: string, print: Fingerprint): void {
    this.#removeFile(this.pathOf(packed, print));
  }

  /** Removes what nobody has asked for lately. */
  sweep(): void {
    this.#makeRoom(new Set());
  }

  /** What lies elsewhere goes with the open store. */
  close(): void {
    if (this.#elsewhere === undefined) return;
    for (const key of this.#movedOut) this.#removeFile(join(this.#elsewhere, key));
    try {
      this.#vfs.removeDirectory(this.#elsewhere);
    } catch {
      // It is the system's to clear up.
    }
  }

  async #unpack(packed: string, print: Fingerprint, path: string): Promise<boolean> {
    const { unpackTo } = await import("../../disk/gzip.ts");
    const file = this.#vfs.open(packed, "read");
    try {
      if (!isSameFile(print, fingerprintOf(file.stat()))) return false;
      // In the cache this is where files are made; elsewhere it is made beside its name.
      const aside = new Aside(this.#vfs, dirname(path) === this.#layout.unpacked ? this.#layout.aside : dirname(path));
      try {
        await unpackTo(file, packed, aside);
        // After a power loss a file can have its name without its bytes, and this one is believed by its name.
        await aside.file.sync();
        this.#vfs.makeDirectory(dirname(path));
        aside.replace(path);
      } finally {
        aside.discard();
      }
      return true;
    } catch (error) {
      const isDamaged = error instanceof StoreError && error.code === "DAMAGED";
      // A sync may be in the middle of it: git makes a file and then fills it.
      if (isDamaged && !this.#vfs.isVolatile && mayBeWritten(file.stat())) {
        await sleep(WRITE_MS);
        return false;
      }
      const key = basename(path);
      if (error instanceof StoreError || !REFUSALS.has(errno(error) ?? "") || this.#movedOut.has(key)) throw error;
      this.#movedOut.add(key);
      return false;
    } finally {
      file.close();
    }
  }

  #ownDirectory(): string {
    this.#elsewhere ??= join(tmpdir(), `turnlog-${crypto().randomBytes(8).toString("hex")}`);
    return this.#elsewhere;
  }

  /** The oldest go first. One that somebody reads stays readable for him, and is unpacked anew for the next. */
  #makeRoom(kept: ReadonlySet<string>): void {
    const files = this.#vfs
      .names(this.#layout.unpacked)
      .map((name) => join(this.#layout.unpacked, name))
      .flatMap((path) => {
        const stat = this.#vfs.stat(path);
        return stat === undefined ? [] : [{ path, bytes: stat.size, at: stat.mtimeMs }];
      })
      .sort((a, b) => b.at - a.at);
    let bytes = 0;
    const now = Date.now();
    for (const [index, file] of files.entries()) {
      bytes += file.bytes;
      if (kept.has(file.path)) continue;
      if (index >= MOST_FILES || bytes > MOST_BYTES || now - file.at > STAYS_MS) this.#removeFile(file.path);
    }
  }

  #removeFile(path: string): void {
    try {
      this.#vfs.remove(path);
    } catch {
      // Somebody has it open, where that forbids it: the next sweep does it.
    }
  }
}
