// Which deleted session is meant: it is in no list but that of the trash.
import type { Store } from "../lib/index.ts";
import { wrongUsage } from "./exit.ts";

const MOST_CANDIDATES = 10;

/** The id in the trash that this is, or the only one that begins so; undefined: there is none. */
export async function deletedId(store: Store, given: string, signal: AbortSignal): Promise<string | undefined> {
  const found = new Set<string>();
  for await (const { id } of store.trash({ signal })) {
    if (id === given) return id;
    if (id.startsWith(given)) found.add(id);
  }
  const [id] = found;
  if (found.size <= 1) return id;
  const shown = [...found].slice(0, MOST_CANDIDATES).map((each) => `\n  ${each}`);
  const more = found.size > MOST_CANDIDATES ? "\n  ..." : "";
  throw wrongUsage(`${JSON.stringify(given)} is the beginning of several ids:${shown.join("")}${more}`);
}
