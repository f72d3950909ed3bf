// What is wrong with caches: what fits nothing.
import { join } from "node:path";
import { errno } from "../../base/errors.ts";
import { giveWay } from "../../base/turn.ts";
import type { VerifyProblem } from "../../base/verify.ts";
import type { VfsFile } from "../../disk/vfs.ts";
import { readMeta } from "../../indexes/offsets/sidecar.ts";
import type { StoreState } from "../state.ts";
import { problemOf } from "./verify-codes.ts";

/** Files of this machine's cache that no session or no log has any more, or that are not what a writer wrote. */
export async function* strayCaches({ vfs, layout, locator }: StoreState): AsyncGenerator<VerifyProblem> {
  for (const directory of vfs.names(layout.offsets)) {
    for await (const name of vfs.streamNames(join(layout.offsets, directory))) {
      const path = join(layout.offsets, directory, name);
      const isGone = locator.find(name).length === 0;
      const detail = isGone ? "there is no such session" : isSidecar(vfs, path) ? undefined : "it is damaged";
      if (detail !== undefined) yield problemOf({ code: "cache", file: path, by: "mine", detail });
      await giveWay();
    }
  }
}

/** What cannot be read is not known to be wrong. */
function isSidecar(vfs: StoreState["vfs"], path: string): boolean {
  let file: VfsFile | undefined;
  try {
    file = vfs.open(path, "read");
    const { size } = file.stat();
    return readMeta(file, size) !== undefined;
  } catch (error) {
    return errno(error) !== undefined;
  } finally {
    file?.close();
  }
}
