// Which sessions are verified, and where their logs lie: by the directories, not by an index.
import { join } from "node:path";
import { StoreError } from "../../base/errors.ts";
import { checkId, encodeName, LOG_ENDING, nameOf, OLD_ENDING, PACKED_ENDING } from "../../disk/names.ts";
import type { Fingerprint } from "../../disk/fingerprint.ts";
import { UNSEEN } from "../list/describe.ts";
import { placeOf } from "../locator.ts";
import type { Place } from "../locator.ts";
import type { StoreState } from "../state.ts";
import { walk } from "../list/walk.ts";

/** Where a store lies; nobody need have it open. */
export type StoreRoom = Pick<StoreState, "vfs" | "layout">;

/** The logs of one session; or a file or directory that the system does not let us read. */
export type Target =
  | { readonly name: string; readonly places: readonly Place[] }
  | { readonly path: string; readonly machine?: string; readonly error: Error };

/** A directory of logs. */
export interface MonthPlace {
  readonly machine: string;
  readonly isArchive: boolean;
  readonly path: string;
}

/** Each session once, in no order. Throws NOT_FOUND for an id that is none. */
export async function* targetsOf(store: StoreRoom, ids: readonly string[] | undefined): AsyncGenerator<Target> {
  const { vfs } = store;
  const months: MonthPlace[] = [];
  for (const each of monthsOf(store)) {
    if ("error" in each) yield each;
    else months.push(each);
  }
  if (ids !== undefined) {
    const targets = Array.from(new Set(ids), (id) => {
      checkId(id);
      const name = encodeName(id);
      const places = placesIn(store, months, name);
      if (places.length > 0) return { name, places };
      throw new StoreError("NOT_FOUND", `no session ${JSON.stringify(id)}`, { session: id });
    });
    yield* targets;
    return;
  }
  for (const { path, machine, isArchive } of months) {
    const names = vfs.streamNames(path)[Symbol.asyncIterator]();
    try {
      for (;;) {
        let next: IteratorResult<string>;
        try {
          next = await names.next();
        } catch (error) {
          yield { path, machine, error: error as Error };
          break;
        }
        if (next.done === true) break;
        const name = nameOf(next.value, isArchive);
        if (name === undefined) continue;
        const places = placesIn(store, months, name);
        if (isChief(store, places, join(path, next.value))) yield { name, places };
      }
    } finally {
      // Who has seen enough leaves no directory open.
      await names.return?.();
    }
  }
}

/**
 * The first of its logs stands for the session. One that cannot be looked at, in a directory that cannot be entered, may be there or
 * not: then the session is met twice rather than not at all.
 */
function isChief({ vfs }: StoreRoom, places: readonly Place[], met: string): boolean {
  for (const { path } of places) {
    if (path === met) return true;
    const stat = statOf(vfs, path);
    if (stat !== undefined && stat !== UNSEEN) return false;
  }
  return places.length > 0;
}

function* monthsOf(store: StoreRoom): Generator<MonthPlace | Exclude<Target, { name: string }>> {
  yield* monthsIn(store, false);
  yield* monthsIn(store, true);
}

function* monthsIn(
  { vfs, layout }: StoreRoom,
  isArchive: boolean,
): Generator<MonthPlace | Exclude<Target, { name: string }>> {
  const root = isArchive ? layout.archive : layout.sessions;
  const read = function* (path: string, machine?: string): Generator<string | Exclude<Target, { name: string }>> {
    try {
      yield* vfs.names(path);
    } catch (error) {
      yield { path, ...(machine !== undefined && { machine }), error: error as Error };
    }
  };
  for (const machine of read(root)) {
    if (typeof machine !== "string") {
      yield machine;
      continue;
    }
    for (const month of read(join(root, machine), machine)) {
      if (typeof month !== "string") {
        yield month;
        continue;
      }
      const path = layout.month(machine, month, isArchive);
      try {
        if (vfs.stat(path)?.isDirectory === true) yield { machine, path, isArchive };
      } catch (error) {
        yield { path, machine, error: error as Error };
      }
    }
  }
}

/** The same where only the medium knows which there are. */
export async function* remoteTargets(store: StoreState, ids: readonly string[] | undefined): AsyncGenerator<Target> {
  if (ids !== undefined) {
    for (const id of new Set(ids)) {
      checkId(id);
      await store.remote?.bring(encodeName(id));
    }
    yield* targetsOf(store, ids);
    return;
  }
  for await (const { name } of walk(store, "created", 1)) {
    // What is read of it is read in passing, and more than once.
    await store.remote?.bring(name);
    yield { name, places: placesOf(store, name) };
  }
}

/** The logs of a session, as far as its directories can be read. */
export function placesOf(store: StoreRoom, name: string): Place[] {
  return placesIn(store, readableMonths(store), name);
}

/** All directories of logs that can be read. */
export function readableMonths(store: StoreRoom): MonthPlace[] {
  return [...monthsOf(store)].flatMap((each) => ("error" in each ? [] : [each]));
}

/** The logs of a session in these. */
export function placesIn({ vfs }: StoreRoom, months: readonly MonthPlace[], name: string): Place[] {
  return [LOG_ENDING, OLD_ENDING, PACKED_ENDING].flatMap((ending) =>
    months.flatMap((month) => {
      const file = join(month.path, name + ending);
      const stat = month.isArchive === (ending === PACKED_ENDING) ? statOf(vfs, file) : undefined;
      return stat === undefined ? [] : [placeOf(month, file, stat)];
    }),
  );
}

/** A directory that may be listed and not entered tells of files that cannot be looked at: reading them says why. */
function statOf(vfs: StoreState["vfs"], path: string): Fingerprint | undefined {
  try {
    return vfs.stat(path);
  } catch {
    return UNSEEN;
  }
}
