// Which sessions are searched, in which order, and where their logs lie. This is all that a search knows of listings.
import { StoreError } from "../../base/errors.ts";
import { checkId, decodeName, encodeName } from "../../disk/names.ts";
import { compareMarks, markOf } from "../../indexes/catalog/entry.ts";
import type { CatalogEntry, Order } from "../../indexes/catalog/entry.ts";
import { parseStamp } from "../../line/stamp.ts";
import type { StoreState } from "../state.ts";
import { walk } from "../list/walk.ts";

export interface Target {
  readonly id: string;
  /** Why it cannot be searched. */
  readonly damaged?: string;
  readonly paths: readonly string[];
}

interface Wanted {
  /** Undefined: all. */
  readonly ids: readonly string[] | undefined;
  readonly order: Order;
  /** Sessions without a line of this time or later may be left out. */
  readonly activeMs: number;
}

/** The newest first, deleted ones among them. Throws NOT_FOUND for an id that is none. */
export async function targetsOf(store: StoreState, { ids, order, activeMs }: Wanted): Promise<Target[]> {
  const { layout } = store;
  const targets: Target[] = [];
  const isOver = ({ updated }: CatalogEntry): boolean => (parseStamp(updated)?.ms ?? Infinity) < activeMs;
  const add = (entry: CatalogEntry): void => {
    const { id, name, kind, info, logs } = entry;
    const paths = logs.map(({ directory, file }) => layout.fileIn(directory, file).path);
    // What is damaged may have lines all the same, if it is known whose they are.
    const isNameless = kind === "damaged" && decodeName(name) === undefined && id === name;
    targets.push({ id, paths, ...(isNameless && { damaged: info["damaged"] as string }) });
  };
  if (ids !== undefined) {
    for (const entry of await entriesOf(store, ids, order)) if (!isOver(entry)) add(entry);
    return targets;
  }
  for await (const entry of walk(store, order, 1)) {
    if (!isOver(entry)) add(entry);
  }
  return targets;
}

async function entriesOf(store: StoreState, ids: readonly string[], order: Order): Promise<CatalogEntry[]> {
  const { remote, catalog } = store;
  const view = remote === undefined ? (await catalog.current()).view : undefined;
  const entries: CatalogEntry[] = [];
  for (const id of new Set(ids)) {
    checkId(id);
    const name = encodeName(id);
    const entry = remote === undefined ? view?.find(name) : await remote.entry(name);
    if (entry === undefined) throw new StoreError("NOT_FOUND", `no session ${JSON.stringify(id)}`, { session: id });
    entries.push(entry);
  }
  return entries.sort((a, b) => compareMarks(markOf(a, order), markOf(b, order)));
}
