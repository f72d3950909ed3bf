// Which sessions are searched, in which order, and where their logs lie. This is all that a search knows of listings.
import { StoreError } from "../base/errors.ts";
import { checkId, OLD_ENDING } from "../disk/names.ts";
import { giveWay } from "../log/turn.ts";
import { compareListed, identify, listAll, listOne } from "./listed.ts";
import type { Listed } from "./listed.ts";
import type { StoreState } from "./state.ts";

export interface Target {
  readonly id: string;
  /** Why it cannot be searched. */
  readonly damaged?: string;
  readonly paths: readonly string[];
}

interface Wanted {
  /** Undefined: all. */
  readonly ids: readonly string[] | undefined;
  readonly order: "updated" | "created";
  /** Sessions without a line of this time or later may be left out. */
  readonly activeMs: number;
}

/** The newest first. Throws NOT_FOUND for an id that is none. */
export async function targetsOf(store: StoreState, { ids, order, activeMs }: Wanted): Promise<Target[]> {
  const listed = ids === undefined ? await listAll(store, order) : listIds(store, ids, order);
  const targets: Target[] = [];
  for (const each of listed) {
    await giveWay();
    if (order === "updated" && isOver(each, activeMs)) continue;
    const found = identify(store, each);
    targets.push({ ...(typeof found === "string" ? { id: found } : found), paths: each.paths });
  }
  return targets;
}

function listIds(store: StoreState, ids: readonly string[], order: "updated" | "created"): Listed[] {
  const list = Array.from(new Set(ids), (id) => {
    checkId(id);
    const listed = listOne(store, id, order);
    if (listed.paths.length > 0) return listed;
    throw new StoreError("NOT_FOUND", `no session ${JSON.stringify(id)}`, { session: id });
  });
  return list.sort(compareListed);
}

/** True when all lines are older: the last of a log is its newest, unless an old log stands beside it. */
function isOver({ stamp, paths }: Listed, ms: number): boolean {
  return stamp !== undefined && stamp.ms < ms && !paths.some((path) => path.endsWith(OLD_ENDING));
}
