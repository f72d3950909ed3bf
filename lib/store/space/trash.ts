// The trash: what is in it, for how long yet, and how it empties itself.
import { join } from "node:path";
import { errno } from "../../base/errors.ts";
import { checkOptions } from "../../base/options.ts";
import type { EmptyTrashOptions, EmptyTrashReport, TrashedSession, TrashOptions } from "../../base/trash.ts";
import { giveWay } from "../../base/turn.ts";
import { reaching } from "../../disk/far.ts";
import { InfoFold } from "../../line/info.ts";
import { compareStamps, parseStamp } from "../../line/stamp.ts";
import { firstLine } from "../../log/last.ts";
import { scan } from "../../log/scan.ts";
import type { Moment } from "../clock.ts";
import { endOfWindow } from "./restore-window.ts";
import type { Deleted } from "./restore-window.ts";
import type { StoreState } from "../state.ts";
import { isOfDeletion } from "./stub.ts";

interface Trashed extends Deleted {
  readonly path: string;
  readonly name: string;
}

/** All that is in the trash, in the order of the files' names. */
export async function* trash(store: StoreState, options: TrashOptions): AsyncGenerator<TrashedSession> {
  checkOptions("trash", options, ["signal"]);
  try {
    const moment = store.clock.now();
    for await (const each of walkTrash(store, options.signal)) {
      const shown = await reaching(() => describeTrashed(store, each, moment));
      if (shown !== undefined) yield shown;
    }
  } catch (error) {
    throw store.typed(error);
  }
}

/** Removes what is in the trash, whatever its restore window. */
export async function emptyTrash(store: StoreState, options: EmptyTrashOptions): Promise<EmptyTrashReport> {
  checkOptions("emptyTrash", options, ["dryRun", "signal"]);
  if (store.readOnly !== undefined && options.dryRun !== true) throw store.readOnly;
  return await remove(store, options, () => true);
}

/** Removes what nobody can restore any more. If we crash in here, the rest goes the next time. */
export async function expireTrash(store: StoreState, moment: Moment, signal?: AbortSignal): Promise<void> {
  await remove(store, { signal }, (each) => moment.ms >= endOfWindow(store.settings, each, moment));
}

async function remove(
  store: StoreState,
  { dryRun = false, signal }: EmptyTrashOptions,
  isWanted: (each: Trashed) => boolean,
): Promise<EmptyTrashReport> {
  let sessions = 0;
  let bytes = 0;
  for await (const each of walkTrash(store, signal)) {
    if (!isWanted(each)) continue;
    sessions++;
    bytes += each.stat.size;
    const { remote } = store;
    if (dryRun) continue;
    const id = (await remote?.entry(each.name))?.id;
    if (remote === undefined || id === undefined) removeTrashed(store, each);
    else await remote.exclusively(store.session(id), async () => removeTrashed(store, each));
  }
  if (sessions > 0 && !dryRun) await store.vfs.syncDirectory(store.layout.trash);
  return { sessions, bytes };
}

function removeTrashed({ vfs, layout }: StoreState, { path, name }: Trashed): void {
  vfs.remove(path);
  try {
    vfs.removeDirectory(join(layout.trash, name));
  } catch (error) {
    // Another deletion of the session has its file there, or another process was faster.
    if (errno(error) === undefined) throw error;
  }
}

async function* walkTrash({ vfs, layout, remote }: StoreState, signal?: AbortSignal): AsyncGenerator<Trashed> {
  await remote?.lookAtTrash();
  for (const name of vfs.names(layout.trash)) {
    for (const file of vfs.names(join(layout.trash, name))) {
      signal?.throwIfAborted();
      const deletion = parseStamp(layout.deletionOf(file));
      const path = join(layout.trash, name, file);
      const stat = deletion === undefined ? undefined : vfs.stat(path);
      if (deletion !== undefined && stat !== undefined) yield { path, name, deletion, stat };
      await giveWay();
    }
  }
}

/** Undefined: it went meanwhile. */
async function describeTrashed(store: StoreState, each: Trashed, now: Moment): Promise<TrashedSession | undefined> {
  const { path, name, deletion, stat } = each;
  const info = new InfoFold();
  let id = name;
  try {
    const file = store.vfs.open(path, "read");
    try {
      id = firstLine(file, stat.size)?.id ?? name;
      await scan(file, 0, stat.size, {
        line: (line) => {
          if (line.type !== "info" || compareStamps(line.stamp, deletion) > 0) return;
          if (!isOfDeletion(line, deletion)) info.apply(line.data, line);
        },
        problem: () => undefined,
      });
    } finally {
      file.close();
    }
  } catch (error) {
    if (errno(error) === "ENOENT") return undefined;
    throw error;
  }
  const title = info.get("title") as string | undefined;
  return {
    id,
    ...(title !== undefined && { title }),
    deletedAt: new Date(deletion.ms).toISOString(),
    expiresAt: new Date(endOfWindow(store.settings, each, now)).toISOString(),
    bytes: stat.size,
    path,
  };
}
