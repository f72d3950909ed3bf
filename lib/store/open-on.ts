// A store on a file system of the caller's.
import type { Settings } from "../base/options.ts";
import type { Vfs } from "../disk/vfs.ts";
import { openState } from "./open.ts";
import type { StoreState } from "./state.ts";
import type { Rooms } from "./rooms.ts";
import { Store } from "./store.ts";

export async function openOn<M extends object, P extends object>(
  vfs: Vfs,
  directory: string,
  settings: Settings,
  rooms: Rooms,
): Promise<Store<M, P>> {
  return await storeOn(await openState(vfs, directory, settings), rooms);
}

/** The handle of a state that was just made. */
export async function storeOn<M extends object, P extends object>(
  state: StoreState,
  rooms: Rooms,
): Promise<Store<M, P>> {
  state.upkeep.start();
  const { importFrom } = state.settings;
  if (importFrom !== undefined && importFrom.length > 0 && state.readOnly === undefined) {
    const { ImportAtOpen } = await import("./import/import-at-open.ts");
    state.importing = new ImportAtOpen(state, importFrom, (source, options) =>
      rooms.importFrom(state, source, options),
    );
  }
  return new Store(state, rooms);
}
