// What must stay of a session when its content goes: the tree's lines and the tombstones, so that no sync, import or merge
// revives it.
import type { LineHead } from "../../line/decode.ts";
import { isClearing } from "../../line/info.ts";
import { advance, compareStamps } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";

export const STUB_TYPES: ReadonlySet<string> = new Set([
  "session",
  "open",
  "head",
  "truncate",
  "remove",
  "purge",
  "delete",
  "restore",
]);

/** True for the line that a deletion clears with what the session was called: it stands right before the deletion's. */
export function isOfDeletion({ stamp, data }: Pick<LineHead, "stamp" | "data">, deletion: Stamp): boolean {
  return compareStamps(advance(stamp, 1), deletion) === 0 && isClearing(data);
}
