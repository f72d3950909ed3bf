// Repairs this machine's logs of one session.
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { RepairAction } from "../../base/verify.ts";
import { linkOrCopy } from "../../disk/aside.ts";
import { LOG_ENDING, OLD_ENDING } from "../../disk/names.ts";
import { replaceLog } from "../../log/replace.ts";
import { exclusively } from "../exclusively.ts";
import { idOf } from "./header.ts";
import { inspectLog } from "./inspect.ts";
import type { Inspected } from "./inspect.ts";
import { describe } from "../list/describe.ts";
import type { Place } from "../locator.ts";
import { keepLost } from "./lost-found.ts";
import { linesOf, MOST_SOURCES, planRepair } from "./repair-plan.ts";
import type { RepairPlan } from "./repair-plan.ts";
import { LOOKED_MS, OLD_STAYS_MS } from "../space/replaced.ts";
import type { SessionState } from "../session-state.ts";
import type { StoreState } from "../state.ts";

export interface RepairTarget {
  readonly name: string;
  /** All logs of the session; only this machine's are touched. */
  readonly places: readonly Place[];
  readonly ids: readonly (string | undefined)[];
}

/** `actions` is told what was done, or would be. */
export async function repairSession(
  store: StoreState,
  target: RepairTarget,
  isTrial: boolean,
  actions: RepairAction[],
  signal?: AbortSignal,
): Promise<void> {
  const id = idOf(target.name, target.ids);
  if (id === undefined) return;
  const session = store.session(id);
  const repair = async (): Promise<void> => {
    session.writer?.endTurn();
    await new SessionRepair(session, target, isTrial, actions, signal).run();
  };
  // Nobody writes to it meanwhile; a trial keeps other processes from nothing.
  await (isTrial ? session.queue.run(repair) : exclusively(session, repair));
  if (!isTrial && actions.some((each) => each.session === id && each.to !== undefined)) await learnAnew(session);
}

/** What was taken out is in lost+found/: that it is in no log any more is no sign of an older copy in the log's place. */
async function learnAnew(session: SessionState): Promise<void> {
  const { store, name } = session;
  session.ownLast = undefined;
  store.sidecars.discard(session);
  store.catalog.put(await describe(store, name));
}

class SessionRepair {
  readonly #session: SessionState;
  readonly #store: StoreState;
  readonly #places: Place[];
  /** Old logs that are the only ones. */
  readonly #named = new Set<string>();
  readonly #isTrial: boolean;
  readonly #actions: RepairAction[];
  readonly #signal: AbortSignal | undefined;

  constructor(
    session: SessionState,
    { places }: RepairTarget,
    isTrial: boolean,
    actions: RepairAction[],
    signal: AbortSignal | undefined,
  ) {
    this.#session = session;
    this.#store = session.store;
    this.#places = places.filter(({ machine }) => session.store.isOwn(machine));
    this.#isTrial = isTrial;
    this.#actions = actions;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    for (const place of this.#placesOf(OLD_ENDING)) await this.#settleOld(place);
    const all = this.#places.filter(({ path }) => path.endsWith(LOG_ENDING) || this.#named.has(path));
    const eldest = this.#store.eldest(all);
    if (eldest === undefined || all.length > MOST_SOURCES) return;
    // The first is the one that stays.
    const logs = [eldest, ...all.filter((place) => place !== eldest)];
    const sources: Inspected[] = [];
    try {
      for (const place of logs)
        sources.push(await inspectLog(this.#store.vfs, place, { sealed: true, signal: this.#signal }));
      const { id, name } = this.#session;
      const plan = await planRepair(this.#store, { id, name }, sources, this.#signal);
      if (plan === undefined) return;
      this.#signal?.throwIfAborted();
      if (!this.#isTrial) await this.#replace(plan);
      this.#actions.push(...plan.actions);
    } finally {
      for (const { file } of sources) file.close();
      if (!this.#isTrial) this.#forget();
    }
  }

  #placesOf(ending: string): Place[] {
    return this.#places.filter(({ path }) => path.endsWith(ending));
  }

  /** An old log: what is only in it comes into the new one. If it is the only one, it is the log. */
  async #settleOld({ path: old, machine }: Place): Promise<void> {
    const { vfs, replaced } = this.#store;
    const path = old.slice(0, -OLD_ENDING.length) + LOG_ENDING;
    const stat = vfs.stat(old);
    if (stat === undefined) return;
    const isAlone = vfs.stat(path) === undefined;
    const places = [...this.#placesOf(LOG_ENDING), { path: old, machine }];
    const isNeeded = !isAlone && (await this.#isDamaged(places));
    if (!isAlone && !isNeeded && Date.now() - stat.ctimeMs <= OLD_STAYS_MS) return;
    if (isAlone) {
      const log = this.#isTrial ? old : path;
      this.#places.push({ path: log, machine });
      this.#named.add(log);
      if (!this.#isTrial) await this.#rename(old, path);
    } else if (!this.#isTrial) {
      if (!vfs.isVolatile) await sleep(LOOKED_MS);
      await replaced.settle(path);
    }
    const message = isAlone
      ? "the old log gets its name back: there is no new one"
      : "what is only in the old log comes into the new one, and the old one goes";
    const action = isAlone ? "restored" : "removed";
    const session = this.#session.id;
    this.#actions.push({ code: "leftover", action, message, session, file: old, offset: 0, bytes: stat.size });
  }

  async #rename(from: string, to: string): Promise<void> {
    const { vfs, layout } = this.#store;
    // A name that somebody else gave meanwhile is not taken from him.
    linkOrCopy(vfs, layout.aside, from, to);
    await vfs.syncDirectory(dirname(to));
    vfs.remove(from);
    await vfs.syncDirectory(dirname(to));
  }

  /** True when a log must be replaced, which cannot be while an old one stands beside it, or the old one is damaged. */
  async #isDamaged(places: readonly Place[]): Promise<boolean> {
    const { id, name } = this.#session;
    const owner = { id, name };
    for (const place of places) {
      const log = await inspectLog(this.#store.vfs, place, { sealed: true, signal: this.#signal });
      try {
        if ((await planRepair(this.#store, owner, [log], this.#signal)) !== undefined) return true;
      } finally {
        log.file.close();
      }
    }
    return places.length > 2;
  }

  async #replace(plan: RepairPlan): Promise<void> {
    const { vfs, layout, replaced } = this.#store;
    const [{ place, examination, stat }, ...others] = plan.sources as [Inspected, ...Inspected[]];
    const { path } = place;
    for (const lost of plan.lost) await keepLost(this.#store, lost);
    this.#session.lease?.check();
    this.#forget();
    const read = { dev: stat.dev, ino: stat.ino, size: examination.end };
    const old = await replaceLog(vfs, layout.aside, path, read, linesOf(plan), (each) => replaced.remember(each));
    for (const source of others) await this.#removeSecond(source);
    if (!vfs.isVolatile) await sleep(LOOKED_MS);
    await replaced.drop(old);
    // What came late stands behind newer lines.
    await replaced.sort(path);
  }

  /** A second log, whose lines are in the first one by now, and all of it in lost+found/. */
  async #removeSecond({ place: { path }, stat: { ino, size } }: Inspected): Promise<void> {
    const { vfs } = this.#store;
    const now = vfs.stat(path);
    // Somebody wrote to it meanwhile: the next repair unites them.
    if (now?.ino !== ino || now.size !== size) return;
    vfs.remove(path);
    await vfs.syncDirectory(dirname(path));
  }

  /** What was known of the logs does not hold any more. */
  #forget(): void {
    this.#session.forget();
    this.#session.writer?.log.forget();
    this.#session.generation = -1;
  }
}
