// A log that is to be merged, ours or the source's: its lines in a table, and what is to be known of them for it.
import type { FileStat, Vfs, VfsFile } from "../../disk/vfs.ts";
import type { LineHead } from "../../line/decode.ts";
import { examineLog } from "../../log/examination.ts";
import type { FindingCode } from "../../log/examination.ts";
import { scan } from "../../log/scan.ts";
import type { Comparison } from "../../log/compare.ts";
import type { UnionLog } from "../../log/union.ts";
import type { Erasure } from "../space/erasure.ts";
import { inspectLog } from "../check/inspect.ts";
import type { Inspected } from "../check/inspect.ts";
import { purgedLine } from "../space/purged-lines.ts";
import type { StoreState } from "../state.ts";

export interface ReadingOf {
  readonly vfs: Vfs;
  readonly path: string;
  readonly isPacked: boolean;
  readonly isOld: boolean;
}

export interface Reading extends ReadingOf {
  readonly log: Inspected;
  /** The file at `path` as it was met. */
  readonly met: FileStat;
  /** For each row: 1 if the line begins a message. */
  readonly messages: Uint8Array;
  /** Where lines stand that are to be erased. */
  erased: ReadonlySet<number>;
}

/** Whoever reads it closes it. Lines that purge are taken into the erasure. */
export async function readCopy(
  store: StoreState,
  of: ReadingOf,
  erasure: Erasure,
  signal: AbortSignal | undefined,
): Promise<Reading> {
  const { vfs, path } = of;
  const met = statOf(vfs, path);
  let rows: number[] = [];
  const options = {
    sealed: true,
    signal,
    onLine: (line: LineHead, { length }: { readonly length: number }): void => {
      if (line.type === "message" && line.of === undefined) rows.push(length - 1);
      erasure.addPurge(line);
    },
    onRetry: (): void => void (rows = []),
  };
  const log = await withContent(store, of, (vfs, path) => inspectLog(vfs, { path, machine: "" }, options));
  const messages = new Uint8Array(log.examination.lines.length);
  for (const row of rows) if (row < messages.length) messages[row] = 1;
  return { ...of, log, met, messages, erased: new Set() };
}

/** Finds the lines that what is purged names. Each by itself: what becomes of it hangs on no other line. */
export async function markErased(reading: Reading, erasure: Erasure, signal: AbortSignal | undefined): Promise<void> {
  const erased = new Set<number>();
  const { file, stat } = reading.log;
  const onLine = (line: LineHead): void => void (erasure.isNamed(line) && erased.add(line.offset));
  if (erasure.places.size > 0) await examineLog(file, stat.size, { sealed: true, signal, onLine });
  reading.erased = erased;
}

/** Takes in what the lines of a log purge. */
export async function addPurges(
  store: StoreState,
  of: ReadingOf,
  comparison: Comparison,
  erasure: Erasure,
  signal: AbortSignal | undefined,
): Promise<void> {
  const file = await withContent(store, of, (vfs, path) => vfs.open(path, "read"));
  try {
    if (!(await comparison.look(file, undefined)).mayPurge) return;
    const line = (each: LineHead): void => erasure.addPurge(each);
    await scan(file, 0, file.stat().size, { line, problem: () => undefined }, signal);
  } finally {
    file.close();
  }
}

/** What an archived log was is opened before its file goes. */
async function withContent<T extends Inspected | VfsFile>(
  store: StoreState,
  { vfs, path, isPacked }: ReadingOf,
  open: (vfs: Vfs, path: string) => Promise<T> | T,
): Promise<T> {
  if (!isPacked) return await open(vfs, path);
  const aside = await store.unpacked.unpackAside(path, vfs);
  try {
    return await open(store.vfs, aside.path);
  } finally {
    aside.discard();
  }
}

function statOf(vfs: Vfs, path: string): FileStat {
  const stat = vfs.stat(path);
  if (stat === undefined) throw Object.assign(new Error(`${path} went`), { code: "ENOENT" });
  return stat;
}

export function unionLogOf({ log: { file, all, examination }, erased }: Reading): UnionLog {
  const { lines } = examination;
  const replacement = (row: number): Buffer | undefined =>
    erased.has(lines.offset(row)) ? purgedLine(lines.stamp(row)) : undefined;
  return { file, lines, rows: all, ...(erased.size > 0 && { erased: replacement }) };
}

/** True when its bytes are its lines, each with a newline, by their stamps, and nothing else. */
export function isClean({ log: { examination, stat, order, all }, erased }: Reading): boolean {
  const { lines, findings } = examination;
  const isPlain = findings.every(({ code }) => code === "altered");
  if (!isPlain || order !== undefined || erased.size > 0 || all.length !== lines.length) return false;
  let bytes = 0;
  for (let row = 0; row < lines.length; row++) bytes += lines.size(row) + 1;
  return bytes === stat.size;
}

const WORDS: Readonly<Record<Exclude<FindingCode, "altered">, string>> = {
  torn: "a torn end",
  fragment: "fragments of lines",
  damaged: "bytes that are no line",
  glued: "lines in the middle of damage",
  conflict: "conflict markers",
  nul: "NUL bytes",
  "line-ends": "carriage returns or a byte order mark",
  unended: "no newline at its end",
};

/** What is not as a writer leaves it. */
export function flawsOf(reading: Reading): string[] {
  const { repeats, twins, examination } = reading.log;
  const flaws = new Set<string>();
  for (const { code } of examination.findings) if (code !== "altered") flaws.add(WORDS[code]);
  if (!examination.lines.isInOrder) flaws.add("lines that are not in order");
  if (repeats.length > 0) flaws.add("lines that stand twice");
  if (twins.length > 0) flaws.add("lines that differ and have one stamp");
  return [...flaws];
}
