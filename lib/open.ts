// The one place that knows all rooms: it gives a store the file system it lies on.
import { settingsOf } from "./base/options.ts";
import type { StoreOptions } from "./base/options.ts";
import { MemoryVfs } from "./disk/memory-vfs.ts";
import { NodeVfs } from "./disk/node-vfs.ts";
import { openOn } from "./store/open-on.ts";
import type { Rooms } from "./store/rooms.ts";
import type { Store } from "./store/store.ts";

/** It holds nothing: one serves all stores. */
const disk = new NodeVfs();

/** Loaded with their first use. */
export const rooms: Rooms = {
  async importFrom(store, source, options) {
    const { runImport } = await import("./importers/run.ts");
    return await runImport(store, source, options);
  },
  async exportTo(store, target, options) {
    const { runExport } = await import("./exporters/run.ts");
    return await runExport(store, target, options);
  },
};

/**
 * Opens the store in this directory, and makes it if there is none. Any number of processes may have it open.
 * Throws NOT_A_STORE for a file, NEWER_FORMAT for what a newer version wrote, NO_ACCESS, READ_ONLY and so on.
 */
export async function openStore<M extends object = Record<string, unknown>, P extends object = Record<string, unknown>>(
  directory: string,
  options: StoreOptions = {},
): Promise<Store<M, P>> {
  return await openOn<M, P>(disk, directory, settingsOf(options), rooms);
}

/** A store that is gone with its last reference. */
export async function openMemoryStore<
  M extends object = Record<string, unknown>,
  P extends object = Record<string, unknown>,
>(options: StoreOptions = {}): Promise<Store<M, P>> {
  return await openOn<M, P>(new MemoryVfs(), "/memory", settingsOf(options), rooms);
}
