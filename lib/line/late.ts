// A line that is not greater than all before it. Only what is plain is taken in late.
import type { LineHead } from "./decode.ts";
import type { Places } from "./places.ts";
import { ALTERED, HAS_LINE, PURGED, REMOVED, VERSION } from "./flags.ts";
import { NONE } from "./rows.ts";
import type { Rows } from "./rows.ts";
import type { Tree } from "./tree.ts";

/** Known already, fit to be taken in late, or neither. Of one that is known, it is noted where it lies now. */
export function judgeLate(
  line: LineHead,
  log: number,
  rows: Rows,
  tree: Tree,
  places: Places,
): "apply" | "known" | "refuse" {
  // The stamp of one that was altered may be another line's.
  if (!line.sound) return "refuse";
  switch (line.type) {
    case "open":
    case "session":
    case "head":
      if (!tree.knows(line.stamp.writer)) return "apply";
      return tree.begins(line.stamp) ? "known" : "refuse";
    case "message":
    case "part": {
      if (line.of !== undefined || !tree.knows(line.stamp.writer)) return "refuse";
      const row = rows.find(line.stamp);
      if (row !== NONE && rows.has(row, HAS_LINE)) {
        if (rows.has(row, ALTERED | PURGED)) return "refuse";
        if (!rows.has(row, VERSION)) rows.moveTo(row, line.offset, line.length, log);
        return "known";
      }
      if (row !== NONE && rows.has(row, REMOVED)) return "refuse";
      if (places.absent.size > 0 || places.purged.size > 0) return "refuse";
      const owner = line.message === undefined ? NONE : rows.find(line.message);
      return owner !== NONE && places.onceRemoved.has(owner) ? "refuse" : "apply";
    }
    default:
      return "refuse";
  }
}
