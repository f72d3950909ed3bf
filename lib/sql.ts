// The public entry of stores in databases.
import { rooms } from "./open.ts";
import type { SqlTarget } from "./sql/database/target.ts";
import { openSqlState } from "./sql/store.ts";
import type { SqlStoreOptions } from "./sql/store.ts";
import { storeOn } from "./store/open-on.ts";
import type { Store } from "./store/store.ts";

export type { SqlTarget } from "./sql/database/target.ts";
export type { SqlStoreOptions } from "./sql/store.ts";

/**
 * Opens the store in a database, and makes its tables if there are none. It keeps the very lines that a store in files has.
 * Any number of processes, on any hosts, may have it open; what they append to one session is in one order. Each promise of a
 * write resolves when the database has committed it.
 */
export async function openSqlStore<
  M extends object = Record<string, unknown>,
  P extends object = Record<string, unknown>,
>(target: SqlTarget | string, options: SqlStoreOptions = {}): Promise<Store<M, P>> {
  return await storeOn<M, P>(await openSqlState(target, options), rooms);
}
