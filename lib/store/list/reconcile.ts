// Brings the catalog up to date with the logs, which are the truth: journals first, then directories that changed, then
// the sessions that somebody may be writing to.
import { ioError, StoreError } from "../../base/errors.ts";
import { giveWay } from "../../base/turn.ts";
import { DamagedIndexError } from "../../indexes/blocks.ts";
import type { Catalog } from "../../indexes/catalog/catalog.ts";
import { encodeEntry } from "../../indexes/catalog/entry.ts";
import type { CatalogEntry } from "../../indexes/catalog/entry.ts";
import { describe, isAsSeen, isUnread, UNSEEN } from "./describe.ts";
import { placeOf } from "../locator.ts";
import type { Place } from "../locator.ts";
import { checkMonth, suspect } from "./month-check.ts";
import type { Suspects } from "./month-check.ts";
import { settledEntry } from "./settled.ts";
import type { StoreState } from "../state.ts";

/** So many sessions are read before others hear of them. */
const ENTRIES_A_WRITE = 64;
/** So often the cache may go while the logs are compared with it. */
const MOST_TRIES = 20;

/** `all`: compare every file, in directories that look as they did, too. */
export async function reconcile(store: StoreState, catalog: Catalog, all: boolean): Promise<void> {
  try {
    await reconcileWhole(store, catalog, all);
  } catch (error) {
    if (!(error instanceof DamagedIndexError))
      throw ioError(error, "list the sessions", { path: (error as { path?: string }).path });
    catalog.drop();
    await reconcileWhole(store, catalog, true);
  }
}

/** Whoever looks into the catalog meanwhile may find that the cache went: then what was passed over as known is not known. */
async function reconcileWhole(store: StoreState, catalog: Catalog, all: boolean): Promise<void> {
  for (let tries = 0; tries < MOST_TRIES; tries++) if (await reconcileOnce(store, catalog, all)) return;
  throw new StoreError("IO", "the store's cache goes again and again while the sessions are listed");
}

/** False: what was known at the beginning was forgotten on the way. */
async function reconcileOnce(store: StoreState, catalog: Catalog, all: boolean): Promise<boolean> {
  catalog.load();
  const { isDoubtful, generation } = catalog;
  store.locator.refresh();
  const { months } = store.locator;
  const suspects: Suspects = new Map();
  const settled = new Set<string>();
  const view = catalog.view();
  const release = view.base?.hold();
  try {
    for (const month of months) {
      if (!all && !isDoubtful && catalog.isKnownMonth(month.directory, month.print)) continue;
      if (await checkMonth(store, view, month, suspects)) settled.add(month.directory);
    }
    const present = new Set(months.map(({ directory }) => directory));
    for (const directory of view.directories())
      if (!present.has(directory)) for (const name of view.namesIn(directory)) suspect(suspects, name);
  } finally {
    release?.();
  }
  for (const name of catalog.live.names()) {
    const entry = catalog.find(name);
    if (entry === undefined || !isAsSeen(store, entry)) suspect(suspects, name);
    catalog.live.looked(name, Date.now());
  }
  await describeAll(store, catalog, suspects, settled);
  for (const { directory, print } of months) {
    if (settled.has(directory) && !catalog.isKnownMonth(directory, print))
      catalog.setMonth(directory, print, generation);
  }
  catalog.settleDoubt(generation);
  return generation === catalog.generation;
}

async function describeAll(
  store: StoreState,
  catalog: Catalog,
  suspects: Suspects,
  checked: Set<string>,
): Promise<void> {
  let found: CatalogEntry[] = [];
  const unread = new Set<string>();
  for (const [name, met] of suspects) {
    store.checkOpen();
    const known = catalog.find(name);
    const settled = met.size === 0 ? settledEntry(store, known) : undefined;
    const entry = settled ?? (await describe(store, name, known, placesOf(store, known, met, checked)));
    if (isNews(known, entry)) found.push(entry);
    // What could not be read now may be read the next time, and no directory will look otherwise for it.
    if (isUnread(entry)) for (const { directory } of entry.logs) unread.add(directory);
    if (found.length >= ENTRIES_A_WRITE) {
      catalog.put(found);
      found = [];
    }
    await giveWay();
  }
  catalog.put(found);
  for (const directory of unread) checked.delete(directory);
}

/** Its logs, if all are known without a look at every directory: those that were met, and those where nothing changed. */
function placesOf(
  store: StoreState,
  known: CatalogEntry | undefined,
  met: ReadonlyMap<string, Place>,
  checked: ReadonlySet<string>,
): Place[] | undefined {
  if (met.size === 0) return undefined;
  const places = new Map(met);
  for (const { directory, file } of known?.logs ?? []) {
    const found = store.layout.fileIn(directory, file);
    if (places.has(found.path)) continue;
    // In a directory that was looked through it was not met because it fits, or because it is gone.
    const stat = checked.has(directory) || found.isArchive ? store.vfs.stat(found.path) : UNSEEN;
    if (stat !== undefined) places.set(found.path, placeOf(found, found.path, stat));
  }
  return [...places.values()];
}

/** False: it is known just so. */
export function isNews(known: CatalogEntry | undefined, entry: CatalogEntry): boolean {
  if (known === undefined) return entry.logs.length > 0;
  return JSON.stringify(encodeEntry(known)) !== JSON.stringify(encodeEntry(entry));
}
