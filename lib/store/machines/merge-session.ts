// The logs of one session, from the source and here: each path by itself, but for what any of them purges, which all obey.
import { dirname } from "node:path";
import { StoreError } from "../../base/errors.ts";
import type { HealedLog, MergeProblem } from "../../base/merge.ts";
import { syncUp } from "../../disk/aside.ts";
import { LOG_ENDING, machineOf, monthOf, OLD_ENDING } from "../../disk/names.ts";
import type { Stamp } from "../../line/stamp.ts";
import { compareStamps } from "../../line/stamp.ts";
import { COPY_BYTES } from "../../log/new-log.ts";
import { namesIn } from "../../log/blob-names.ts";
import { firstLine } from "../../log/last.ts";
import { Erasure } from "../space/erasure.ts";
import { refresh } from "../read/load.ts";
import type { Place } from "../locator.ts";
import { hasHeader, headerProblem, linesOf, planLog } from "./merge-log.ts";
import type { LogPlan, LogResult } from "./merge-log.ts";
import type { MergeRun } from "./merge-run.ts";
import { isCalled } from "./merge-source.ts";
import { addPurges, flawsOf, markErased, readCopy } from "./merge-reading.ts";
import type { Reading, ReadingOf } from "./merge-reading.ts";
import { keepOurs } from "./merge-lost.ts";
import { ChangedError, putLog, replaceOwn, settleOwn } from "./merge-write.ts";
import { settleOld } from "../space/rewrite.ts";
import type { SessionState } from "../session-state.ts";

/** So often a log may be written to while it is merged. */
const MOST_TRIES = 5;

/** A log of the source, and where one of a store says that it lies. */
export interface TheirReading {
  readonly reading: Reading;
  readonly month: Month | undefined;
  readonly isSingle: boolean;
}

interface Month {
  readonly machine: string;
  readonly month: string;
}

export class SessionMerge {
  readonly #run: MergeRun;
  readonly #session: SessionState;
  readonly #theirs: readonly TheirReading[];
  readonly #erasure: Erasure;
  /** Our log of it came back from the archive to be united, and is to go there again. */
  #mustPack = false;
  readonly results: LogResult[] = [];
  readonly problems: MergeProblem[] = [];
  /** There was a log of it here before. */
  isKnown = false;

  /** `erasure` has what the source purges. */
  constructor(run: MergeRun, session: SessionState, theirs: readonly TheirReading[], erasure: Erasure) {
    this.#run = run;
    this.#session = session;
    this.#theirs = theirs;
    this.#erasure = new Erasure(erasure.places);
  }

  /** In the session's turn, and under its lease unless it is a trial. */
  async merge(): Promise<void> {
    const { store, signal, isTrial } = this.#run;
    // In a database it is begun anew after a conflict, and nothing of it was.
    this.results.length = 0;
    this.problems.length = 0;
    this.#session.writer?.endTurn();
    const places = this.#run.placesOf(this.#session.name);
    this.isKnown = places.length > 0;
    for (const place of places) await this.#tryTo(place.path, () => this.#addPurges(place));
    const paths = new Map<string, Reading[]>();
    for (const each of this.#theirs) {
      await markErased(each.reading, this.#erasure, signal);
      const path = await this.#pathFor(each, places);
      paths.set(path, [...(paths.get(path) ?? []), each.reading]);
    }
    // What only we have is touched where something of it is purged.
    if (this.#erasure.places.size > 0)
      for (const place of places) if (!place.path.endsWith(OLD_ENDING)) this.#addPath(paths, place);
    for (const [path, theirs] of paths) {
      signal?.throwIfAborted();
      await this.#tryTo(path, () => this.#mergeLog(path, theirs));
    }
    if (isTrial) return;
    this.#session.forgetPlaces();
    if (this.#mustPack) await this.#pack();
    if (this.#erasure.places.size > 0) await this.#tryTo(store.layout.root, () => refresh(this.#session));
    store.wake(this.#session.id);
  }

  /** What goes wrong with one log does not stop the others. */
  async #tryTo(path: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.problems.push(this.#run.problemOf(error, path, this.#session.id));
    }
  }

  async #addPurges(place: Place): Promise<void> {
    const { store, comparison, signal } = this.#run;
    await addPurges(store, this.#readingOf(place), comparison, this.#erasure, signal);
  }

  #readingOf({ path, packed }: Place): ReadingOf {
    return { vfs: this.#run.store.vfs, path, isPacked: packed !== undefined, isOld: path.endsWith(OLD_ENDING) };
  }

  #addPath(paths: Map<string, Reading[]>, { path, packed }: Place): void {
    const log = packed === undefined ? path : this.#run.store.layout.unpackedLog(path);
    if (!paths.has(log)) paths.set(log, []);
  }

  /** Where a log of the source lies here when it is in use. */
  async #pathFor({ reading, month, isSingle }: TheirReading, places: readonly Place[]): Promise<string> {
    const { store } = this.#run;
    const { layout, machine } = store;
    const { name } = this.#session;
    const { header } = reading.log.examination;
    const first = header === undefined ? undefined : this.#run.stampAt(reading, header.offset);
    if (isSingle && first !== undefined) {
      const same = await this.#placeWith(first, places);
      if (same !== undefined) return same;
    }
    if (month !== undefined) return layout.log(month.machine, month.month, name);
    const own = store.eldest(places.filter((each) => store.isOwn(each.machine)));
    if (own !== undefined) return this.#logAt(own);
    return layout.log(machine, monthOf(first?.ms ?? Date.now()), name);
  }

  #logAt({ path, packed }: Place): string {
    if (packed !== undefined) return this.#run.store.layout.unpackedLog(path);
    return path.endsWith(OLD_ENDING) ? path.slice(0, -OLD_ENDING.length) + LOG_ENDING : path;
  }

  /** The log of ours whose header is this very line. */
  async #placeWith(stamp: Stamp, places: readonly Place[]): Promise<string | undefined> {
    const { store } = this.#run;
    for (const place of places) {
      const file = store.vfs.open(await store.unpacked.readable(place.path), "read");
      try {
        const first = firstLine(file, file.stat().size);
        if (first?.type === "session" && compareStamps(first.stamp, stamp) === 0) return this.#logAt(place);
      } finally {
        file.close();
      }
    }
    return undefined;
  }

  async #mergeLog(path: string, theirs: readonly Reading[]): Promise<void> {
    for (let tries = 1; ; tries++) {
      const ours: Reading[] = [];
      try {
        await this.#readOurs(path, ours);
        return await this.#mergeOnce(path, ours, theirs);
      } catch (error) {
        if (!(error instanceof ChangedError)) throw error;
        if (tries === MOST_TRIES)
          throw new StoreError("SESSION_BUSY", "the log is written to without a pause", { path, cause: error });
      } finally {
        for (const { log } of ours) log.file.close();
      }
    }
  }

  async #readOurs(path: string, ours: Reading[]): Promise<void> {
    const { store, signal } = this.#run;
    const { vfs, layout } = store;
    for (const [each, isPacked] of [
      [path, false],
      [layout.packed(path), true],
    ] as const) {
      if (vfs.stat(each) === undefined) continue;
      const reading = await readCopy(store, { vfs, path: each, isPacked, isOld: false }, this.#erasure, signal);
      ours.push(reading);
      await markErased(reading, this.#erasure, signal);
    }
  }

  async #mergeOnce(path: string, ours: readonly Reading[], all: readonly Reading[]): Promise<void> {
    const { isTrial, signal } = this.#run;
    const { id } = this.#session;
    const theirs = all.filter((reading) => !this.#isWrong(reading));
    const isOursWrong = ours.some((reading) => this.#isWrong(reading));
    if (isOursWrong || (theirs.length === 0 && ours.length === 0)) return;
    if (![...ours, ...theirs].some(hasHeader)) {
      const [first] = [...theirs, ...ours];
      this.problems.push({ path: first?.path ?? path, session: id, reason: "it has no header, here and there" });
      return;
    }
    const planned = await planLog(ours, theirs, signal);
    // A database has no archive: the mark alone says that a session lies in it.
    const plan = { ...planned, isPacked: planned.isPacked && this.#run.store.remote === undefined };
    // Nothing of ours alone is taken up where nothing of it is purged.
    if (theirs.length === 0 && !plan.isErasing) return;
    for (const reading of theirs) await this.#takeBlobs(reading, plan.status !== "unchanged");
    if (!isTrial && plan.status !== "unchanged") await this.#put(path, ours, plan);
    this.results.push({
      status: plan.status,
      lines: plan.lines,
      messages: plan.messages,
      bytes: plan.bytes,
      healed: this.#healedIn(plan),
    });
  }

  #isWrong(reading: Reading): boolean {
    const { id } = this.#session;
    const reason = headerProblem(reading, id);
    if (reason !== undefined) this.problems.push({ path: reading.path, session: id, reason });
    return reason !== undefined;
  }

  #healedIn({ status, readings }: LogPlan): HealedLog[] {
    const { id, name } = this.#session;
    return readings.flatMap((reading) => {
      const copy = this.#theirs.find((each) => each.reading === reading);
      const isRenamed = copy?.isSingle === false && !isCalled(reading, name);
      const flaws = [...(isRenamed ? ["a copy under another name"] : []), ...flawsOf(reading)];
      if (flaws.length === 0 || (copy === undefined && status === "unchanged")) return [];
      return [{ path: reading.path, session: id, reason: flaws.join(", ") }];
    });
  }

  /** What the lines name that stay. */
  async #takeBlobs(reading: Reading, isNews: boolean): Promise<void> {
    const { blobs, comparison } = this.#run;
    const names = new Set<string>();
    const { file, all, examination } = reading.log;
    if (reading.erased.size === 0) await comparison.look(file, undefined, (hash) => void names.add(hash));
    else
      for (const row of all) {
        const { lines } = examination;
        if (reading.erased.has(lines.offset(row))) continue;
        const bytes = Buffer.allocUnsafe(lines.size(row));
        const count = file.read(bytes, 0, bytes.length, lines.offset(row));
        for (const { hash } of namesIn(bytes, 0, count)) names.add(hash);
      }
    let missing = 0;
    for (const hash of names) if (!(await blobs.take(hash))) missing++;
    if (missing > 0 && isNews) {
      const reason = `${missing} of its attachments ${missing === 1 ? "is" : "are"} missing, here and there`;
      this.problems.push({ path: reading.path, session: this.#session.id, reason });
    }
  }

  async #put(path: string, ours: readonly Reading[], plan: LogPlan): Promise<void> {
    const { store } = this.#run;
    const { vfs, layout } = store;
    const isOwn = store.isOwn(machineOf(path));
    const packed = ours.find(({ isPacked }) => isPacked);
    const live = ours.find(({ isPacked }) => !isPacked);
    if (isOwn && packed !== undefined) {
      this.#mustPack ||= plan.isPacked;
      await this.#bringBack();
      throw new ChangedError(path);
    }
    if (isOwn && live !== undefined && (await settleOwn(this.#session, path))) throw new ChangedError(path);
    if (this.#erasure.places.size === 0)
      await keepOurs(store, this.#session.name, plan, ours.length, this.#run.comparison);
    const lines = (): ReturnType<typeof linesOf> => linesOf(plan, COPY_BYTES - 1);
    if (isOwn && live !== undefined) {
      await replaceOwn(this.#session, { path, lines }, { ...live.met, size: live.log.examination.end }, plan.isErasing);
      return;
    }
    const target = plan.isPacked ? layout.packed(path) : path;
    const met = (plan.isPacked ? packed : live)?.met;
    await putLog(store, { path: target, met, lines }, plan.isPacked);
    this.#run.changed(dirname(target));
    const rest = plan.isPacked ? undefined : packed;
    if (rest === undefined) return;
    // It stands for nothing that the log in use has not, on the disk.
    await syncUp(vfs, layout.root, [dirname(target)]);
    if (vfs.stat(rest.path)?.ino === rest.met.ino) vfs.remove(rest.path);
    store.unpacked.remove(rest.path, rest.met);
    this.#run.changed(dirname(rest.path));
  }

  async #bringBack(): Promise<void> {
    this.#session.forgetPlaces();
    await refresh(this.#session);
    const { bringBack } = await import("../space/packed-log.ts");
    await bringBack(this.#session);
  }

  /** What is archived here and there stays so. */
  async #pack(): Promise<void> {
    await refresh(this.#session);
    const { writer } = this.#session;
    if (writer === undefined) return;
    await settleOld(this.#session, writer);
    const { packLog } = await import("../space/packed-log.ts");
    if (this.#session.writer !== undefined) await packLog(this.#session, this.#session.writer);
    this.#session.isBroughtBack = false;
    this.#session.forgetPlaces();
  }
}
