// Compares a directory's files with what the catalog knows of them: by name, inode, size and times, none is opened.
import { sep } from "node:path";
import { fingerprintOf, isRacy, isSameFile } from "../../disk/fingerprint.ts";
import { nameOf } from "../../disk/names.ts";
import { giveWay } from "../../base/turn.ts";
import type { MonthFiles } from "../../indexes/catalog/base.ts";
import type { CatalogView } from "../../indexes/catalog/view.ts";
import { placeOf } from "../locator.ts";
import type { Month, Place } from "../locator.ts";
import type { StoreState } from "../state.ts";

/** Sessions that must be read: their names, and those of their logs that were met. */
export type Suspects = Map<string, Map<string, Place>>;

export function suspect(suspects: Suspects, name: string, place?: Place): void {
  const places = suspects.get(name) ?? new Map<string, Place>();
  suspects.set(name, places);
  if (place !== undefined) places.set(place.path, place);
}

/**
 * Finds what came, went or changed in a directory. The view's base stays open meanwhile.
 * -> true if the directory may be believed as long as it looks like this
 */
export async function checkMonth(
  store: StoreState,
  view: CatalogView,
  month: Month,
  suspects: Suspects,
): Promise<boolean> {
  const { vfs } = store;
  const { directory } = month;
  const beganMs = Date.now();
  const known = view.filesOf(directory);
  const isSeen = new Uint8Array(known?.count ?? 0);
  const files = new Set<string>();
  for await (const file of vfs.streamNames(month.path)) {
    const name = nameOf(file, month.isArchive);
    if (name === undefined) continue;
    const path = month.path + sep + file;
    const stat = vfs.stat(path);
    if (stat === undefined) continue;
    files.add(file);
    const print = fingerprintOf(stat);
    const young = view.young(name);
    if (young !== undefined) {
      const isKnown = young.logs.some(
        (log) => log.directory === directory && log.file === file && isSameFile(log.print, print),
      );
      if (!isKnown) suspect(suspects, name, placeOf(month, path, stat));
    } else {
      const number = known === undefined ? -1 : (view.base?.findFile(known, file, print) ?? -1);
      if (number === -1) suspect(suspects, name, placeOf(month, path, stat));
      else isSeen[number - (known as MonthFiles).first] = 1;
    }
    await giveWay();
    store.checkOpen();
  }
  for (const entry of view.youngIn(directory)) {
    const isMissing = entry.logs.some((log) => log.directory === directory && !files.has(log.file));
    if (isMissing) suspect(suspects, entry.name);
  }
  for (let index = 0; index < isSeen.length; index++) {
    if (isSeen[index] === 1) continue;
    const name = view.nameOfFile((known as MonthFiles).first + index);
    if (name !== undefined) suspect(suspects, name);
  }
  return !isRacy(month.print, beganMs);
}
