// Searches in which only the hits, or their messages' ids, are of interest.
import { cpSync, statSync } from "node:fs";
import { join } from "node:path";
import type { SearchHit, SearchOptions, Store } from "../../lib/index.ts";
import { collect } from "./stores.ts";
import { nextMs } from "./clock.ts";

export async function search(store: Store<any, any>, text: string, options?: SearchOptions): Promise<SearchHit[]> {
  return await collect(store.searchMessages(text, options));
}

export async function idsFor(store: Store<any, any>, text: string, options?: SearchOptions): Promise<string[]> {
  return (await search(store, text, options)).map(({ id }) => id);
}

/** The first text in a value that has the needle, found character by character. */
export function naiveText(
  value: unknown,
  needle: string,
  ignoreCase: boolean,
): [text: string, index: number] | undefined {
  if (typeof value === "string") {
    const fold = (text: string): string[] =>
      text.split("").map((unit) => {
        const upper = unit.toUpperCase();
        return !ignoreCase || upper.length !== 1 || (unit > "\u007f" && upper <= "\u007f") ? unit : upper;
      });
    const units = fold(value);
    const wanted = fold(needle);
    const index = units.findIndex((_, at) => wanted.every((unit, offset) => units[at + offset] === unit));
    return index === -1 ? undefined : [value, index];
  }
  if (typeof value !== "object" || value === null) return undefined;
  for (const each of Object.values(value)) {
    const found = naiveText(each, needle, ignoreCase);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Brings what each machine wrote to the other. */
export function sync(machines: readonly Store<any, any>[]): void {
  for (const from of machines) {
    for (const to of machines) {
      const folder = join(from.path, "sessions", from.machine);
      if (from !== to && statSync(folder, { throwIfNoEntry: false }) !== undefined)
        cpSync(folder, join(to.path, "sessions", from.machine), { recursive: true });
    }
  }
  nextMs();
}
