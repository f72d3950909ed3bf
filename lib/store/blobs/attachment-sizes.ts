// What sessions take beside their logs: the attachments that these name.
import { join } from "node:path";
import { hashIn } from "../../disk/blobs.ts";
import { isArchived } from "../../disk/names.ts";
import type { CatalogEntry } from "../../indexes/catalog/entry.ts";
import { blobNames } from "../../log/blob-names.ts";
import type { StoreState } from "../state.ts";

/**
 * The bytes of the attachments of each session, by its name. One that several of them name is counted for the first: it goes
 * when that one does. The logs are searched, as far as there are attachments at all.
 */
export async function attachmentSizes(
  store: StoreState,
  entries: readonly CatalogEntry[],
  signal: AbortSignal | undefined,
): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  const left = await blobSizes(store);
  for (const { name, logs } of entries) {
    if (left.size === 0) return sizes;
    for (const { directory, file: log } of logs) {
      if (isArchived(directory)) continue;
      const file = store.vfs.open(store.layout.pathIn(directory, log), "read");
      try {
        await blobNames(
          file,
          file.stat().size,
          (hash) => {
            sizes.set(name, (sizes.get(name) ?? 0) + (left.get(hash) ?? 0));
            left.delete(hash);
          },
          signal,
        );
      } finally {
        file.close();
      }
    }
  }
  return sizes;
}

async function blobSizes({ vfs, layout }: StoreState): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (const first of vfs.names(layout.blobs)) {
    for await (const name of vfs.streamNames(join(layout.blobs, first))) {
      const hash = hashIn(name);
      if (hash !== undefined) sizes.set(hash, vfs.stat(join(layout.blobs, first, name))?.size ?? 0);
    }
  }
  return sizes;
}
