// For how long a deleted session can be restored.
//
// How long it has been in the trash is told by the stamp of the deletion, which names the file there, and by the file
// system's time of its last write, which was the deletion: the later of the two counts, and none later than now. So neither a
// machine whose clock was slow when it deleted, nor a copy that did not keep the times, shortens the window.
import type { Settings } from "../../base/options.ts";
import type { FileStat, Vfs } from "../../disk/vfs.ts";
import type { Stamp } from "../../line/stamp.ts";
import type { Moment } from "../clock.ts";

const DAY_MS = 86_400_000;

export interface Deleted {
  readonly deletion: Stamp;
  readonly stat: Pick<FileStat, "mtimeMs" | "size">;
}

/** When the restore window ends, in ms. */
export function endOfWindow({ restoreDays }: Settings, { deletion, stat }: Deleted, now: Moment): number {
  const putAt = Math.max(Math.min(deletion.ms, now.ms), Math.min(stat.mtimeMs, now.ms));
  return putAt + restoreDays * DAY_MS;
}

/** True when what this deletion moved to the trash is there, and its restore window is over. */
export function isExpired(
  { vfs, settings }: { readonly vfs: Vfs; readonly settings: Settings },
  path: string,
  deletion: Stamp,
  now: Moment,
): boolean {
  const stat = vfs.stat(path);
  return stat !== undefined && now.ms >= endOfWindow(settings, { deletion, stat }, now);
}
