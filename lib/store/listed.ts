// Which sessions there are: the directories are the only truth. Of each log only an end is read.
import { join } from "node:path";
import { ioError } from "../base/errors.ts";
import type { DamagedSession } from "../base/session-info.ts";
import { decodeName, encodeName, LOG_ENDING, OLD_ENDING } from "../disk/names.ts";
import { compareStamps } from "../line/stamp.ts";
import type { Stamp } from "../line/stamp.ts";
import { firstLine, lastStamp } from "../log/last.ts";
import type { StoreState } from "./state.ts";

/** So many files are looked at before others get their turn. */
const FILES_A_TURN = 64;

/** A session's place in the list. One whose lines cannot be read has no stamp, and comes last. */
export interface Listed {
  readonly name: string;
  readonly paths: string[];
  stamp: Stamp | undefined;
}

/** All sessions in this order, without a look at more than the ends of their logs. */
export async function listAll(store: StoreState, order: "updated" | "created"): Promise<Listed[]> {
  try {
    return await listMonths(store, order);
  } catch (error) {
    throw ioError(error, "list the sessions", { path: (error as { path?: string }).path });
  }
}

async function listMonths(store: StoreState, order: "updated" | "created"): Promise<Listed[]> {
  const byName = new Map<string, Listed>();
  let files = 0;
  for (const { path: month } of store.locator.months()) {
    for await (const file of store.vfs.streamNames(month)) {
      const ending = [LOG_ENDING, OLD_ENDING].find((each) => file.endsWith(each));
      if (ending === undefined) continue;
      const name = file.slice(0, -ending.length);
      const listed = byName.get(name) ?? { name, paths: [], stamp: undefined };
      byName.set(name, listed);
      addLog(store, listed, join(month, file), order);
      if (++files % FILES_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return [...byName.values()].sort(compareListed);
}

/** One session, as it would stand in that list; without a path: there is none. */
export function listOne(store: StoreState, id: string, order: "updated" | "created"): Listed {
  const listed: Listed = { name: encodeName(id), paths: [], stamp: undefined };
  for (const { path } of store.locator.find(listed.name)) addLog(store, listed, path, order);
  return listed;
}

function addLog(store: StoreState, listed: Listed, path: string, order: "updated" | "created"): void {
  listed.paths.push(path);
  const stamp = stampOf(store, path, order);
  const isNewer = stamp !== undefined && (listed.stamp === undefined || compareStamps(stamp, listed.stamp) > 0);
  if (isNewer === (order === "updated") && stamp !== undefined) listed.stamp = stamp;
  listed.stamp ??= stamp;
}

export function compareListed(
  a: { name: string; stamp: Stamp | undefined },
  b: { name: string; stamp: Stamp | undefined },
): number {
  if (a.stamp !== undefined && b.stamp !== undefined)
    return compareStamps(b.stamp, a.stamp) || compareNames(a.name, b.name);
  if (a.stamp === undefined && b.stamp === undefined) return compareNames(a.name, b.name);
  return a.stamp === undefined ? 1 : -1;
}

function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The newest stamp of a log, or its oldest. What cannot be read has none: the session is listed as damaged. */
function stampOf(store: StoreState, path: string, order: "updated" | "created"): Stamp | undefined {
  try {
    const file = store.vfs.open(path, "read");
    try {
      const { size } = file.stat();
      return order === "updated" ? lastStamp(file, size) : firstLine(file, size)?.stamp;
    } finally {
      file.close();
    }
  } catch {
    return undefined;
  }
}

/** The id of a listed session, or why it has none. */
export function identify(store: StoreState, { name, paths }: Listed): string | DamagedSession {
  const id = decodeName(name) ?? headerId(store, paths);
  if (id === undefined) return { id: name, damaged: "it has no header" };
  return encodeName(id) === name ? id : { id: name, damaged: `its header names session ${JSON.stringify(id)}` };
}

function headerId(store: StoreState, paths: readonly string[]): string | undefined {
  for (const path of paths) {
    try {
      const file = store.vfs.open(path, "read");
      try {
        const header = firstLine(file, file.stat().size);
        if (header?.id !== undefined) return header.id;
      } finally {
        file.close();
      }
    } catch {
      // The next log may tell; if none does, the session is listed as damaged.
    }
  }
  return undefined;
}
