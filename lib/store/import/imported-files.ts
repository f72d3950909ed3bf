// What the last import made of which files, so that the next one need not read them: thousands of transcripts lie still.
//
// It is believed only while all of this holds: the files are those that were read, with the same times, and were old enough then
// for a change to show; what was known of the session beside them is the same; and the session's logs are those that the import
// left. So what was deleted, purged, rolled back by a backup, compacted or gone on with here is read anew. It is a cache: where it
// is gone, or wrong, all is read.
import { createHash } from "node:crypto";
import { errno } from "../../base/errors.ts";
import type { ImportedSession } from "../../base/import.ts";
import { giveWay } from "../../base/turn.ts";
import { replaceText } from "../../disk/aside.ts";
import { fingerprintOf, isRacy, isSameFile } from "../../disk/fingerprint.ts";
import type { Fingerprint } from "../../disk/fingerprint.ts";
import { encodeName } from "../../disk/names.ts";
import type { StoreState } from "../state.ts";

/** Grows when an importer makes something else of the same files: then all are read again. */
const HEAD = "mapping 1";
/** The clock of the file system that they lie on may be another one. */
const SKEW_MS = 2000;
/** A process may end at any moment of a long import: the next one goes on from about there. */
const SAVE_MS = 5000;

export type FilePrint = Fingerprint;
export type ImportedCounts = Pick<ImportedSession, "messages" | "parts" | "attachments">;
/** A file with what it shows. */
type Printed = readonly [path: string, dev: number, ino: number, size: number, mtimeMs: number, ctimeMs: number];

/** A session of a source, as it is now. */
export interface SourceState {
  readonly id: string;
  /** Which session of which tool it is, and from where, as JSON. */
  readonly key: string;
  readonly beside: unknown;
  /** Its files; undefined: one cannot be looked at. */
  readonly files: ReadonlyMap<string, FilePrint> | undefined;
  /** Whatever is known of it was read after that. */
  readonly seenMs: number;
}

interface Known {
  readonly beside: string;
  readonly files: readonly Printed[];
  readonly logs: readonly Printed[];
  readonly counts: ImportedCounts;
}

export class ImportedFiles {
  readonly #store: StoreState;
  /** What is parsed only where it is asked for. */
  readonly #known: Map<string, string>;
  readonly #noted = new Map<string, Known>();
  /** Those that were asked for. */
  readonly #recalled = new Set<string>();
  readonly #gone = new Set<string>();
  #savedMs = Date.now();
  /** Nobody can tell what redact() does the next time. */
  readonly #isUsed: boolean;

  constructor(store: StoreState) {
    this.#store = store;
    this.#isUsed = !store.vfs.isVolatile && store.settings.redact === undefined && store.readOnly === undefined;
    this.#known = this.#isUsed ? this.#read() : new Map<string, string>();
  }

  /** What the session has, if the last import has taken over all of it; undefined: it must be read. */
  recall({ key, beside, files }: SourceState): ImportedCounts | undefined {
    const known = parsed(this.#known.get(key));
    this.#recalled.add(key);
    if (known === undefined || files === undefined || known.beside !== this.#digest(beside)) return undefined;
    const areSame =
      known.files.length === files.size &&
      known.files.every((file) => isSame(file, files.get(file[0]))) &&
      harmless(() => known.logs.every((log) => isSame(log, this.#store.vfs.stat(log[0]))), false);
    return areSame ? known.counts : undefined;
  }

  /**
   * What was read is in the store. A log was written just now, so its times prove nothing; but a log only grows, or is replaced:
   * its size or its inode tells.
   */
  note({ id, key, beside, files, seenMs }: SourceState, counts: ImportedCounts): void {
    if (!this.#isUsed || beside === undefined || files === undefined) return;
    const printed = [...files].map(([path, print]) => printedOf(path, print));
    if ([...files.values()].some((print) => isRacy(print, seenMs - SKEW_MS))) return;
    const { vfs, locator } = this.#store;
    const find = (): Printed[] =>
      locator.find(encodeName(id)).flatMap(({ path }) => {
        const stat = vfs.stat(path);
        return stat === undefined ? [] : [printedOf(path, stat)];
      });
    const logs = harmless(find, []);
    if (logs.length === 0) return;
    this.#noted.set(key, { beside: this.#digest(beside), files: printed, logs, counts });
    if (Math.abs(Date.now() - this.#savedMs) >= SAVE_MS) this.save();
  }

  /** Tools delete what is old: of files that are gone nothing needs to be known. */
  async forget(isGone: (path: string) => boolean): Promise<void> {
    for (const [key, text] of this.#known) {
      await giveWay();
      if (!this.#recalled.has(key) && (parsed(text)?.files.some(([path]) => isGone(path)) ?? true)) this.#gone.add(key);
    }
  }

  /** Beside what other processes have noted meanwhile. */
  save(): void {
    this.#savedMs = Date.now();
    if (this.#noted.size === 0 && this.#gone.size === 0) return;
    const { vfs, layout } = this.#store;
    const sessions = this.#read();
    for (const key of this.#gone) sessions.delete(key);
    for (const [key, known] of this.#noted) sessions.set(key, JSON.stringify(known));
    this.#noted.clear();
    this.#gone.clear();
    const lines = [HEAD, ...[...sessions].map(([key, text]) => `${key}\t${text}`)];
    harmless(() => replaceText(vfs, layout.aside, layout.imports, `${lines.join("\n")}\n`), undefined);
  }

  /** A line for each session, its key before a tab: JSON has none in it. */
  #read(): Map<string, string> {
    try {
      const [head, ...lines] = (this.#store.vfs.readText(this.#store.layout.imports) ?? "").split("\n");
      if (head !== HEAD) return new Map();
      const entries = lines.map((line): [string, string] => {
        const end = line.indexOf("\t");
        return [line.slice(0, Math.max(0, end)), line.slice(end + 1)];
      });
      return new Map(entries.filter(([key]) => key !== ""));
    } catch {
      return new Map();
    }
  }

  /** What the store makes of a message is part of it. */
  #digest(beside: unknown): string {
    const { wellFormed, maxLineBytes } = this.#store.settings;
    return createHash("sha256")
      .update(JSON.stringify([beside, wellFormed, maxLineBytes]))
      .digest("base64");
  }
}

/** What the disk says to a cache is no trouble of the import's, which has written all that it had to. */
function harmless<T>(call: () => T, otherwise: T): T {
  try {
    return call();
  } catch (error) {
    if (errno(error) === undefined) throw error;
    return otherwise;
  }
}

function printedOf(path: string, print: Fingerprint): Printed {
  return [path, print.dev, print.ino, print.size, print.mtimeMs, print.ctimeMs];
}

function isSame([, dev, ino, size, mtimeMs, ctimeMs]: Printed, now: Fingerprint | undefined): boolean {
  return now !== undefined && isSameFile({ dev, ino, size, mtimeMs, ctimeMs }, fingerprintOf(now));
}

/** Undefined: it is none. It lies in a cache, so it may be anything. */
function parsed(text: string | undefined): Known | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "null");
    return isKnown(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isKnown(value: unknown): value is Known {
  const { beside, files, logs, counts } = (value ?? {}) as Partial<Record<keyof Known, unknown>>;
  const arePrints = (list: unknown): boolean => Array.isArray(list) && list.length > 0 && list.every(isPrinted);
  const { messages, parts, attachments } = (counts ?? {}) as Record<string, unknown>;
  return (
    typeof beside === "string" &&
    arePrints(files) &&
    arePrints(logs) &&
    [messages, parts, attachments].every(Number.isFinite)
  );
}

function isPrinted(value: unknown): boolean {
  return (
    Array.isArray(value) && value.length === 6 && typeof value[0] === "string" && value.slice(1).every(Number.isFinite)
  );
}
