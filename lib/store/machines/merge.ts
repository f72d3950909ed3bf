// merge(): the union of two stores, or of a store and a log, log by log. Most logs of two stores are equal, or in one of them
// only; what differs is united by the lines' stamps. The source is only read.
import { dirname, join } from "node:path";
import { ArgumentError } from "../../base/errors.ts";
import type { MergeOptions, MergeReport } from "../../base/merge.ts";
import { checkOptions } from "../../base/options.ts";
import { giveWay } from "../../base/turn.ts";
import { reaching } from "../../disk/far.ts";
import { syncUp } from "../../disk/aside.ts";
import { decodeName, encodeName, LOG_ENDING } from "../../disk/names.ts";
import type { VfsFile } from "../../disk/vfs.ts";
import { firstLine } from "../../log/last.ts";
import { eraseOwed } from "../space/erase-owed.ts";
import { Erasure } from "../space/erasure.ts";
import { exclusively } from "../exclusively.ts";
import { readCopy } from "./merge-reading.ts";
import type { Reading } from "./merge-reading.ts";
import { MergeRun } from "./merge-run.ts";
import { SessionMerge } from "./merge-session.ts";
import type { TheirReading } from "./merge-session.ts";
import { isCalled, openSource } from "./merge-source.ts";
import type { Copy, MergeSource, SourceLogs } from "./merge-source.ts";
import type { StoreState } from "../state.ts";

export async function merge(store: StoreState, from: unknown, options: MergeOptions): Promise<MergeReport> {
  checkOptions("merge", options, ["dryRun", "onProgress", "signal"]);
  const { dryRun = false, onProgress, signal } = options;
  if (typeof dryRun !== "boolean") throw new ArgumentError("INVALID_ARGUMENT", "merge: dryRun is true or false");
  if (onProgress !== undefined && typeof onProgress !== "function")
    throw new ArgumentError("INVALID_ARGUMENT", "merge: onProgress is a function");
  if (!dryRun && store.readOnly !== undefined) throw store.readOnly;
  const source = openSource(store, from);
  const run = new MergeRun(store, source, dryRun, signal);
  const done = { sessions: 0, bytes: 0 };
  try {
    for await (const logs of copiesLast(source)) {
      signal?.throwIfAborted();
      store.checkOpen();
      if ("error" in logs) {
        run.problem(run.problemOf(logs.error, logs.path));
        continue;
      }
      for (const { path } of logs.copies) done.bytes += source.vfs.stat(path)?.size ?? 0;
      await store.remote?.look(logs.name);
      if (await reaching(() => isEqual(run, logs))) run.unchanged(logs.copies.length);
      else await mergeLogs(run, logs);
      done.sessions++;
      onProgress?.({ ...done });
      await giveWay();
    }
  } finally {
    // What was merged until here stays, and is whole.
    await syncUp(store.vfs, store.layout.root, run.directories);
    store.locator.refresh();
  }
  // What the source purges of ours: caches, trash and attachments, too.
  if (!dryRun && store.owed.hasMet) await eraseOwed(store, signal);
  return run.report();
}

/** The source's logs; last those whose names are no session's: they are copies of others, as a rule. */
async function* copiesLast(source: MergeSource): ReturnType<MergeSource["logs"]> {
  const copies: SourceLogs[] = [];
  for await (const logs of source.logs()) {
    if ("error" in logs || logs.isSingle || logs.name.includes("~") || decodeName(logs.name) !== undefined) yield logs;
    else copies.push(logs);
  }
  yield* copies;
}

/** True where both have the same logs, and what any of them purges cannot concern another. */
async function isEqual(run: MergeRun, { name, copies, isSingle }: SourceLogs): Promise<boolean> {
  if (isSingle || copies.some(({ isOld }) => isOld)) return false;
  const { store, source, comparison } = run;
  const names = new Set<string>();
  const onName = (hash: string): void => void names.add(hash);
  try {
    const places = run.placesOf(name);
    const known = new Set<string>();
    for (const copy of copies) {
      const path = pathOf(run, copy, name);
      if (path === undefined || !places.some((place) => place.path === path)) return false;
      known.add(path);
    }
    // What is packed is compared as it is packed; what it purges is not to be seen so.
    const isPacked = places.some(({ packed }) => packed !== undefined);
    if (isPacked && places.length > 1) return false;
    const files: VfsFile[] = [];
    const open = (vfs: MergeRun["store"]["vfs"], path: string): VfsFile => {
      const file = vfs.open(path, "read");
      files.push(file);
      return file;
    };
    try {
      for (const copy of copies) {
        const file = open(source.vfs, copy.path);
        if (!copy.isPacked && !isNamedBy(file, name)) return false;
        const ours = open(store.vfs, pathOf(run, copy, name) as string);
        const { isSame, mayPurge } = await comparison.look(file, ours, source.blobs && onName);
        if (!isSame || mayPurge) return false;
      }
      for (const { path } of places) {
        if (known.has(path)) continue;
        if ((await comparison.look(open(store.vfs, path), undefined)).mayPurge) return false;
      }
    } finally {
      for (const file of files) file.close();
    }
    // A copy that was cut short may lack some.
    for (const hash of names) await run.blobs.take(hash);
    return true;
  } catch (error) {
    run.problemOf(error, name);
    // Whoever looks closely tells.
    return false;
  }
}

/** Where the same log lies here. */
function pathOf({ store: { layout } }: MergeRun, { month, isPacked }: Copy, name: string): string | undefined {
  if (month === undefined) return undefined;
  const log = layout.log(month.machine, month.month, name);
  return isPacked ? layout.packed(log) : log;
}

/** False: the header is another session's, as in a copy that a cloud drive has given another name, or there is none. */
function isNamedBy(file: VfsFile, name: string): boolean {
  const first = firstLine(file, file.stat().size);
  return first?.type === "session" && first.id !== undefined && encodeName(first.id) === name;
}

/** Logs whose headers name one session are that session's, whatever their files are called. */
async function mergeLogs(run: MergeRun, { name, copies, isSingle }: SourceLogs): Promise<void> {
  const { store, source, signal } = run;
  const sessions = new Map<string, TheirReading[]>();
  const erasures = new Map<string, Erasure>();
  try {
    for (const { path, isPacked, isOld, month } of copies) {
      try {
        const erasure = new Erasure();
        const reading = await readCopy(store, { vfs: source.vfs, path, isPacked, isOld }, erasure, signal);
        const id = idOf(reading, name);
        if (id === undefined) {
          reading.log.file.close();
          run.problem({ path, reason: "it has no header, and its name tells no session" });
          continue;
        }
        sessions.set(id, [...(sessions.get(id) ?? []), { reading, month, isSingle }]);
        const purged = erasures.get(id) ?? new Erasure();
        for (const place of erasure.places) purged.places.add(place);
        erasures.set(id, purged);
      } catch (error) {
        run.problem(run.problemOf(error, path));
      }
    }
    for (const [id, theirs] of sessions) {
      const [{ reading }] = theirs as [TheirReading];
      try {
        await mergeOne(run, id, theirs, erasures.get(id) as Erasure);
      } catch (error) {
        run.problem(run.problemOf(error, reading.path, id));
      }
    }
  } finally {
    for (const theirs of sessions.values()) for (const { reading } of theirs) reading.log.file.close();
  }
}

async function mergeOne(run: MergeRun, id: string, theirs: readonly TheirReading[], erasure: Erasure): Promise<void> {
  const { store } = run;
  const session = store.session(id);
  const merging = new SessionMerge(run, session, theirs, erasure);
  const merge = async (): Promise<void> => await merging.merge();
  // Others' logs of what is not here get names that nobody has: who is first with one is found out by that.
  const isAbsent = run.placesOf(session.name).length === 0;
  const isFree =
    store.remote === undefined &&
    isAbsent &&
    theirs.every(({ month }) => month !== undefined && month.machine !== store.machine);
  try {
    await (run.isTrial || isFree ? session.queue.run(merge) : exclusively(session, merge));
  } finally {
    // Of thousands that come in nobody writes on.
    session.lease?.letGo();
    run.add(merging.results, merging.problems, merging.isKnown, isChief(run, session.name, theirs));
    store.makeRoom();
  }
}

/** False: these are copies of a log that the source has beside them under its right name. */
function isChief({ source }: MergeRun, name: string, theirs: readonly TheirReading[]): boolean {
  const isAlone = (path: string): boolean => source.vfs.stat(join(dirname(path), name + LOG_ENDING)) === undefined;
  return theirs.some(({ reading, isSingle }) => isSingle || isCalled(reading, name) || isAlone(reading.path));
}

/** The session that a log is one of; undefined: nothing tells. A header that was altered is believed less than the file's name. */
function idOf({ log }: Reading, name: string): string | undefined {
  const { header } = log.examination;
  const named = decodeName(name);
  if (header?.id !== undefined && (header.sound || named === undefined)) return header.id;
  return named;
}
