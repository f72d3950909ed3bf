// A store on a file system of the caller's.
import type { Settings } from "../base/options.ts";
import type { Vfs } from "../disk/vfs.ts";
import { openState } from "./open.ts";
import type { Rooms } from "./rooms.ts";
import { Store } from "./store.ts";

export async function openOn<M extends object, P extends object>(
  vfs: Vfs,
  directory: string,
  settings: Settings,
  rooms: Rooms,
): Promise<Store<M, P>> {
  const state = await openState(vfs, directory, settings);
  state.upkeep.start();
  const { importFrom } = settings;
  if (importFrom !== undefined && importFrom.length > 0 && state.readOnly === undefined) {
    const { ImportAtOpen } = await import("./import/import-at-open.ts");
    state.importing = new ImportAtOpen(state, importFrom, (source, options) =>
      rooms.importFrom(state, source, options),
    );
  }
  return new Store(state, rooms);
}
