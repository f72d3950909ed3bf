// The end of this machine's log of a session: one write() for each commit.
//
// A commit is acknowledged when the path still names the file that was written. That look costs as much as the write,
// so under a lease one look serves for some milliseconds, and without one within a turn of the event loop for its
// millisecond: the lines written since are kept, and if the next look, soon or at the end of the turn, finds another
// file, they are written to that one, the same lines, which count once.
import { ioError, StoreError } from "../base/errors.ts";
import type { Written } from "../base/errors.ts";
import type { Descriptors, OpenFile } from "../disk/descriptors.ts";
import type { Vfs } from "../disk/vfs.ts";
import { LF } from "../line/codec.ts";
import { LineBuffer } from "../line/encode.ts";
import type { Commit, WriterOwner } from "./commit.ts";
import { endsBefore } from "./last.ts";
import type { Log, Look } from "./log.ts";
import { retakeName } from "./replace.ts";
import { openToSync } from "./sync-file.ts";
import { atEndOfTurn, currentTurn, hasFresh, isTurn, takeFresh } from "../base/turn.ts";

/** Where a commit is encoded; a write is over before the next one begins. */
const lines = new LineBuffer();
/** More than this is not kept: it is looked at once. */
const KEPT_BYTES = 1024 * 1024;
/** So often the path may name another file in the middle of one commit. */
const MOST_MOVES = 3;

export class LogWriter {
  readonly log: Log;
  /** Why nothing is written here any more. */
  failure: StoreError | undefined;
  readonly #vfs: Vfs;
  readonly #descriptors: Descriptors;
  readonly #owner: WriterOwner;
  /** Commits since the last look, and how far the log was known at that. */
  #kept: Commit[] = [];
  #keptBytes = 0;
  #knownTo = 0;
  #isToldLost = false;
  /** The turn of the event loop and the millisecond of the last look. */
  #turn = -1;
  #lookedAt = -1;
  /** Commits written, and how many of them are on the disk. */
  #written = 0;
  #synced = 0;
  #syncing: Promise<void> | undefined;
  /** More than one waits for the sync that is under way, or waited for the last one. */
  #isShared = false;

  constructor(log: Log, vfs: Vfs, descriptors: Descriptors, owner: WriterOwner) {
    this.log = log;
    this.#vfs = vfs;
    this.#descriptors = descriptors;
    this.#owner = owner;
  }

  /** True while the last look still serves: nobody in this turn can have heard of another process's write. */
  isFresh(now: number): boolean {
    return now === this.#lookedAt && isTurn(this.#turn) && hasFresh(this.log.path, this);
  }

  /** The background has it on its list. */
  isScheduled = false;

  get isDirty(): boolean {
    return this.#synced < this.#written && this.failure === undefined;
  }

  /** Others may have written since the last look. */
  doubt(): void {
    this.#lookedAt = -1;
  }

  /** The log was looked at, and is as we know it. */
  looked(): void {
    this.#turn = currentTurn();
    takeFresh(this.log.path, this);
    this.#lookedAt = Date.now();
    this.#settleKept();
  }

  /** What was written is in the file that the path names. */
  #settleKept(): void {
    this.#knownTo = this.log.covered;
    if (this.#kept.length === 0) return;
    this.#kept = [];
    this.#keptBytes = 0;
    this.#isToldLost = false;
  }

  /** The log was made with its first commit in it, which is to be synced as any other. */
  created(): void {
    this.#written++;
    this.looked();
  }

  /**
   * Writes a commit in one write. A StoreError says with `written` what became of it. `isTrusted`: under the lease a look
   * of some milliseconds ago serves, and whoever looks after the lease calls endTurn() soon.
   */
  append(commit: Commit, isTrusted = false): void {
    if (this.failure !== undefined) throw this.failure;
    const open = this.#open();
    this.#kept.push(commit);
    if (open === undefined) {
      this.#repeat();
    } else {
      this.#begin();
      commit.encodeInto(lines, this.log.size + lines.length);
      this.#write(open);
    }
    if (isTrusted) {
      // Another store of this process may have looked in this very millisecond.
      takeFresh(this.log.path, this);
      if (this.#keptBytes < KEPT_BYTES) return;
      this.confirm();
    } else if (this.#keptBytes >= KEPT_BYTES) this.confirm();
    else if (!isTurn(this.#turn)) this.confirm();
    else if (this.#kept.length === 1) atEndOfTurn(this);
  }

  /** What may not be written is tried once more: it can have been made writable, or mounted anew. */
  #open(): OpenFile | undefined {
    try {
      const open = this.log.open(this.#descriptors);
      if (open?.denied === undefined) return open;
      this.#descriptors.drop(this.log.slot);
      return this.log.open(this.#descriptors);
    } catch (cause) {
      throw ioError(cause, "open the session's log", { path: this.log.path, written: "no" });
    }
  }

  /** Looks whether the path still names the file that was written, and writes the kept lines again if not. */
  confirm(): void {
    for (let moves = 0; moves < MOST_MOVES; moves++) {
      const look = this.#look();
      // Other machines' logs were not looked at: this is no look that serves the next call.
      if (look === "same") return this.#settleKept();
      if (this.#kept.length === 0) {
        this.log.forget();
        this.#owner.moved();
        return;
      }
      if (look === "gone") {
        // Another process may have given it back between the two looks.
        if (retakeName(this.#vfs, this.log) || this.#look() !== "gone") continue;
        const message = "the session's log was removed while it was written";
        throw new StoreError("NOT_FOUND", message, { path: this.log.path, written: "no" });
      }
      if (look === "grown") {
        // Someone else wrote, too. Ours are there, at an offset that only a scan can tell.
        this.log.covered = this.#knownTo;
        return this.#settleKept();
      }
      this.#repeat();
    }
    const { path } = this.log;
    throw new StoreError("IO", "the session's log is replaced again and again", { path, written: "unknown" });
  }

  #look(): Look {
    try {
      return this.log.lookAtFile(this.#vfs);
    } catch (cause) {
      throw ioError(cause, "look at the session's log", { path: this.log.path, written: "unknown" });
    }
  }

  /** Makes sure that the path names a file that has what was acknowledged. */
  endTurn(): void {
    try {
      if (this.#kept.length > 0) this.confirm();
    } catch (error) {
      // It is tried again, and told once.
      if (!this.#isToldLost) this.#owner.lost(error);
      this.#isToldLost = true;
    }
  }

  /** Resolves when all commits so far are on the disk, in the file that the path names: one fdatasync for all that wait. */
  async sync(): Promise<void> {
    // If the path names another file by now, the lines are written to that one, and are to be synced.
    if (this.#synced >= this.#written) this.confirm();
    const wanted = this.#written;
    while (this.#synced < wanted) {
      if (this.failure !== undefined) throw this.failure;
      if (this.#syncing !== undefined) this.#isShared = true;
      this.#syncing ??= this.#syncOnce().finally(() => {
        this.#syncing = undefined;
      });
      await this.#syncing;
    }
  }

  async #syncOnce(): Promise<void> {
    const isShared = this.#isShared;
    this.#isShared = false;
    // Those whom the last one has served together come back together: the first of them would have this one for itself.
    if (isShared) await new Promise(setImmediate);
    const before = this.#synced;
    const upTo = this.#written;
    const synced = this.#syncFile();
    this.#owner.waits();
    await synced;
    this.#synced = upTo;
    // One look for all that wait. If it finds another file, it has written the lines to that one, which is to be synced, too.
    const written = this.#written;
    this.confirm();
    if (this.#written > written) this.#synced = before;
  }

  async #syncFile(): Promise<void> {
    const { path } = this.log;
    try {
      const open = openToSync(this.#vfs, this.#descriptors, this.log);
      try {
        await open?.file.sync();
      } finally {
        open?.close();
      }
    } catch (cause) {
      // The kernel has marked the pages clean: the next sync would say OK, and the bytes would be gone.
      const action = "bring the session's log to the disk (it is read-only until the store is opened anew)";
      this.failure = ioError(cause, action, { path, written: "unknown" });
      throw this.failure;
    }
  }

  /** Nothing is ever glued to a torn end: a newline seals it first, in the same write. */
  #begin(): void {
    lines.clear();
    if (!this.log.endsClean) lines.addNewline();
  }

  /** Writes what stands in `lines`, in one write, and compares the count. */
  #write(open: OpenFile): void {
    const { log } = this;
    const { path } = log;
    const bytes = lines.length;
    let count: number;
    try {
      if (open.denied !== undefined) throw open.denied;
      count = open.file.write(lines.bytes, bytes);
    } catch (cause) {
      throw ioError(cause, "write to the session's log", { path, written: this.#afterFailure() });
    }
    if (count !== bytes) {
      this.#afterFailure();
      // With the newline alone missing the line has its checksum, and readers take it.
      const written: Written = count === bytes - 1 ? "unknown" : count === 0 ? "no" : "torn";
      const message = `only ${count} of ${bytes} bytes were written to the session's log`;
      throw new StoreError("NO_SPACE", message, { path, written });
    }
    log.size += bytes;
    log.covered = log.size;
    log.endsClean = true;
    log.wrote();
    if (log.unsettled.length > 0) {
      log.problems.push(...log.unsettled);
      log.unsettled = [];
    }
    this.#keptBytes += bytes;
    this.#written++;
  }

  /** What a failed write left is found out by the scan that must follow. */
  #afterFailure(): Written {
    const { log } = this;
    this.#kept.pop();
    try {
      return this.#vfs.stat(log.path)?.size === log.size ? "no" : "torn";
    } catch {
      return "unknown";
    } finally {
      log.forget();
    }
  }

  /** The path names another file: writes the kept lines there. */
  #repeat(): void {
    const { log } = this;
    let open: OpenFile;
    try {
      open = log.reopen(this.#descriptors);
      const { file } = open;
      const last = Buffer.alloc(1);
      log.endsClean = log.size === 0 || (file.read(last, 0, 1, log.size - 1) === 1 && last[0] === LF);
      // Whoever replaces a log on purpose keeps every writer's last line: only an older copy ends before what was kept.
      const before = this.#kept[0]?.before;
      if (before !== undefined && endsBefore(file, log.size, before)) this.#owner.rolledBack(before);
    } catch (cause) {
      throw ioError(cause, "open the log that replaced the session's log", { path: log.path, written: "unknown" });
    }
    this.#owner.moved();
    this.#begin();
    for (const commit of this.#kept) commit.encodeInto(lines, log.size + lines.length);
    this.#write(open);
    log.covered = 0;
  }
}
