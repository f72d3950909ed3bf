// Stores that have lost their machine id, with their cache.
import { rmSync } from "node:fs";
import { basename, join } from "node:path";
import type { Store } from "../../lib/index.ts";
import { filesIn } from "./stores.ts";
import type { Stores } from "./stores.ts";

export interface Lost {
  readonly store: Store<any, any>;
  /** The id that was lost. */
  readonly machine: string;
  readonly directory: string;
}

/** A store, opened anew after this was done to it and its id was lost. */
export async function lose(
  stores: Stores,
  fill: (store: Store<any, any>) => Promise<unknown> = filled,
  directory: string = stores.directory(),
): Promise<Lost> {
  const before = await stores.open({}, directory);
  await fill(before);
  const { machine } = before;
  await before.close();
  rmSync(join(directory, ".cache"), { recursive: true });
  return { store: await stores.open({}, directory), machine, directory };
}

/** A session "s" of m0 to m9, and an empty one "other". */
export async function filled(store: Store<any, any>): Promise<void> {
  const session = await store.createSession({ id: "s", title: "title" });
  for (let n = 0; n < 10; n++) await session.append({ id: `m${n}`, text: `text of m${n}` });
  await store.createSession({ id: "other" });
}

export async function idsOf(store: Store<any, any>, id = "s"): Promise<string[]> {
  return (await store.session(id).history()).map((entry) => entry.id);
}

/** The names of the files in a machine's folder of logs in use. */
export function namesIn(directory: string, machine: string): string[] {
  return filesIn(join(directory, "sessions", machine)).map((path) => basename(path));
}
