// One log of a session: the file that it was when we last looked, and how far its lines are known.
import type { Descriptors, OpenFile } from "../disk/descriptors.ts";
import { Slot } from "../disk/descriptors.ts";
import { isRacy, isSameFile } from "../disk/fingerprint.ts";
import type { Fingerprint } from "../disk/fingerprint.ts";
import type { FileStat, OpenMode, Vfs } from "../disk/vfs.ts";
import type { Problem } from "./pieces.ts";
import { NO_PREFIX } from "./prefix.ts";
import type { Prefix } from "./prefix.ts";
import { doubts } from "../base/turn.ts";

/** An archived log: what is read is what came out of it. */
export interface Packed {
  readonly path: string;
  /** As it was when it was found. */
  readonly print: Fingerprint;
  /** When it was looked at. */
  readonly readAtMs: number;
}

/** What became of a log since the last look. `grown`: bytes were appended. `other`: anything else; start anew. */
export type Look = "same" | "grown" | "other" | "gone";

export class Log {
  readonly path: string;
  /** The folder it lies in. */
  readonly machine: string;
  /** Its number in the fold. */
  readonly number: number;
  readonly slot: Slot;
  readonly packed: Packed | undefined;
  dev = -1;
  ino = -1;
  /** Bytes, when the file was looked at. */
  size = 0;
  /** NaN: we wrote to it ourselves since. */
  mtimeMs: number = Number.NaN;
  ctimeMs: number = Number.NaN;
  /** The time when its lines were read; infinite where what was written since, by us alone, is known without. */
  readAtMs = 0;
  /** The lines before this offset are in the fold; a piece begins here. */
  covered = 0;
  /** A line behind that is in the fold, too, such as the header of a commit without an end. */
  isAhead = false;
  /** The file ends in a newline, so that the next commit need not begin with one. */
  endsClean = true;
  /** Before `covered`. */
  problems: Problem[] = [];
  /** After it: what may still become whole while another process writes. */
  unsettled: Problem[] = [];
  /** Writers whose last commit has no end, and others wrote after it: as long as they are silent it stays so. */
  readonly closed: Set<string> = new Set();
  /** How many of the problems were told. */
  told = 0;
  /** The checksum of its beginning, as far as somebody has asked for it. */
  prefix: Prefix = NO_PREFIX;
  /** Others appended to it since it was read whole: no stat tells whether they left the rest as it was. */
  hasGrown = false;
  /** How many doubts there had been when all that is known of it was seen to hold. */
  #trusted = -1;

  constructor(path: string, machine: string, number: number, mode: OpenMode, packed?: Packed) {
    this.path = path;
    this.packed = packed;
    this.machine = machine;
    this.number = number;
    this.slot = new Slot(path, mode);
  }

  /** Where people find it. */
  get place(): string {
    return this.packed?.path ?? this.path;
  }

  /** True when what was unpacked is what the archive has. */
  isPackedAsMet(vfs: Vfs): boolean {
    if (this.packed === undefined) return true;
    const stat = vfs.stat(this.packed.path);
    return stat !== undefined && isSameFile(this.packed.print, stat);
  }

  /**
   * One stat of the path, which is also the check that it still names the file we know. A log that others appended to is
   * `other` where somebody asked to doubt what is known: they can have changed the rest of it as well.
   */
  look(vfs: Vfs): Look {
    const look = this.lookAtFile(vfs);
    if (look === "same" && !this.hasGrown) this.#trusted = doubts();
    return (look === "same" || look === "grown") && this.#trusted !== doubts() ? "other" : look;
  }

  /** The same for a writer, which wants to know no more than which file it has written to. */
  lookAtFile(vfs: Vfs): Look {
    const stat = vfs.stat(this.path);
    if (stat === undefined || !this.isPackedAsMet(vfs)) return "gone";
    if (stat.ino !== this.ino || stat.dev !== this.dev || stat.size < this.size) return "other";
    if (stat.size > this.size) return "grown";
    if (Number.isNaN(this.mtimeMs)) this.setTimes(stat);
    return stat.mtimeMs === this.mtimeMs && stat.ctimeMs === this.ctimeMs ? "same" : "other";
  }

  /** We do not know any more what the file holds: the next look says so. */
  forget(): void {
    this.ino = -1;
  }

  /** We wrote to it: how it looks is not known, what it holds is, if it was before. */
  wrote(): void {
    if (!isRacy(this, this.readAtMs)) this.readAtMs = Number.POSITIVE_INFINITY;
    this.mtimeMs = Number.NaN;
    this.isAhead = false;
  }

  setTimes(stat: FileStat): void {
    this.mtimeMs = stat.mtimeMs;
    this.ctimeMs = stat.ctimeMs;
  }

  /** The file that we know, open; or undefined if the path names another one by now. */
  open(descriptors: Descriptors): OpenFile | undefined {
    const open = descriptors.get(this.slot);
    if (open.ino === this.ino && open.dev === this.dev) return open;
    descriptors.drop(this.slot);
    const again = descriptors.get(this.slot);
    return again.ino === this.ino && again.dev === this.dev ? again : undefined;
  }

  /** Opens what the path names now and begins anew with it. */
  reopen(descriptors: Descriptors): OpenFile {
    descriptors.drop(this.slot);
    const open = descriptors.get(this.slot);
    const { stat } = open;
    this.dev = stat.dev;
    this.ino = stat.ino;
    this.size = stat.size;
    this.setTimes(stat);
    this.covered = 0;
    this.isAhead = false;
    this.problems = [];
    this.unsettled = [];
    this.closed.clear();
    this.told = 0;
    this.prefix = NO_PREFIX;
    this.hasGrown = false;
    this.#trusted = doubts();
    return open;
  }
}
