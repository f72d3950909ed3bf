// Opens the store that lies in a database.
import { settingsOf } from "../base/options.ts";
import type { Settings, StoreOptions } from "../base/options.ts";
import { Layout } from "../disk/names.ts";
import { CatalogKeeper } from "../store/list/catalog-keeper.ts";
import { StoreState } from "../store/state.ts";
import { openDatabase } from "./database/database.ts";
import type { Database } from "./database/database.ts";
import type { SqlTarget } from "./database/target.ts";
import { FarStore } from "./far-store.ts";

/** Where the files are that the logs are shown as. There is no such directory. */
const ROOT = "/database";

export interface SqlStoreOptions extends Omit<
  StoreOptions,
  "durability" | "lease" | "machine" | "maxOpenFiles" | "warnStoreMB"
> {
  /** A statement that takes longer is given up, in ms. Default 30,000. */
  statementTimeoutMs?: number | undefined;
  /** Connections of a pool that is made from a URL, at most. Default 10. */
  maxConnections?: number | undefined;
}

const STATEMENT_MS = 30_000;
const CONNECTIONS = 10;

export async function openSqlState(target: SqlTarget | string, options: SqlStoreOptions): Promise<StoreState> {
  const { statementTimeoutMs = STATEMENT_MS, maxConnections = CONNECTIONS, ...rest } = options;
  const settings = settingsOf(rest);
  const { create, busyTimeoutMs } = settings;
  const database = await openDatabase(target, { create, statementTimeoutMs, busyTimeoutMs, maxConnections });
  return stateOn(database, settings);
}

function stateOn(database: Database, settings: Settings): StoreState {
  const layout = new Layout(ROOT);
  const far = new FarStore(database, layout, settings.restoreDays);
  return new StoreState(
    far.files.vfs,
    layout,
    settings,
    [database.machine],
    undefined,
    (store) => new CatalogKeeper(store),
    far,
  );
}
