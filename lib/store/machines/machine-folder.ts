// What lies in the folder of one machine.
import { join } from "node:path";
import { giveWay } from "../../base/turn.ts";
import { nameOf, OLD_ENDING } from "../../disk/names.ts";
import type { StoreState } from "../state.ts";

interface MachineFolder {
  readonly isThere: boolean;
  /** The file names of the sessions that have a log in it. */
  readonly names: ReadonlySet<string>;
  /** Those in use and those in the archive, without what stands beside for a minute. */
  readonly logs: number;
  readonly bytes: number;
}

export async function folderOf(store: StoreState, machine: string, signal?: AbortSignal): Promise<MachineFolder> {
  const { vfs, layout } = store;
  const names = new Set<string>();
  let [isThere, logs, bytes] = [false, 0, 0];
  for (const isArchive of [false, true]) {
    const folder = join(isArchive ? layout.archive : layout.sessions, machine);
    if (vfs.stat(folder)?.isDirectory !== true) continue;
    isThere = true;
    for (const month of vfs.names(folder)) {
      const directory = layout.month(machine, month, isArchive);
      for await (const file of vfs.streamNames(directory)) {
        signal?.throwIfAborted();
        const name = nameOf(file, isArchive);
        const stat = name === undefined ? undefined : vfs.stat(join(directory, file));
        if (name === undefined || stat === undefined) continue;
        names.add(name);
        if (!file.endsWith(OLD_ENDING)) logs++;
        if (!file.endsWith(OLD_ENDING)) bytes += stat.size;
        await giveWay();
      }
    }
  }
  return { isThere, names, logs, bytes };
}
