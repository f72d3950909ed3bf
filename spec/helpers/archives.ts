// What the specs of the archive share.
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Store } from "../../lib/index.ts";
import type { Stores } from "./stores.ts";
import { filesIn, logsOf } from "./stores.ts";

/** The packed logs of a store. */
export function packedIn(directory: string): string[] {
  return filesIn(join(directory, "archive"));
}

/** What was put away has no other name any more. */
export function settle(directory: string): void {
  for (const path of logsOf(directory).keys()) if (path.endsWith(".old")) rmSync(path);
}

/** The cache goes, but for who we are. */
export function forgetAll(directory: string): void {
  const cache = join(directory, ".cache");
  for (const name of readdirSync(cache)) if (name !== "machines") rmSync(join(cache, name), { recursive: true });
}

/** A store with sessions of two messages each. */
export async function storeWith(
  stores: Stores,
  directory: string,
  ...ids: readonly string[]
): Promise<Store<any, any>> {
  const store = await stores.open({}, directory);
  for (const id of ids) {
    const session = await store.createSession({ id, title: `about ${id}` });
    await session.append([{ id: "a", text: `x of ${id}` }, { id: "b" }]);
  }
  return store;
}
