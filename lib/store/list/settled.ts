// What the catalog knows of a session that was archived a minute ago still holds when the old log beside it goes: nothing
// has to be unpacked to find that out.
import { isSameFile } from "../../disk/fingerprint.ts";
import { OLD_ENDING, PACKED_ENDING } from "../../disk/names.ts";
import type { CatalogEntry, SeenLog } from "../../indexes/catalog/entry.ts";
import type { StoreState } from "../state.ts";

/** gzip ends in the size of what was packed, modulo 2^32. */
const SIZE_BYTES = 4;

/** The entry without the old log that went, if the archive has as much as that had, and all else is as it was. */
export function settledEntry(store: StoreState, known: CatalogEntry | undefined): CatalogEntry | undefined {
  const old = known?.logs.find(({ file }) => file.endsWith(OLD_ENDING));
  if (known === undefined || old === undefined || known.kind === "damaged") return undefined;
  const rest = known.logs.filter((log) => log !== old);
  const packed = rest.find(({ directory, file }) => file.endsWith(PACKED_ENDING) && directory.endsWith(old.directory));
  if (packed === undefined) return undefined;
  try {
    const places = store.locator.find(known.name);
    const paths = new Set(places.map(({ path }) => path));
    const isThere = ({ directory, file, print }: SeenLog): boolean => {
      const { path } = store.layout.fileIn(directory, file);
      const stat = paths.has(path) ? store.vfs.stat(path) : undefined;
      return stat !== undefined && isSameFile(print, stat);
    };
    if (places.length !== rest.length || !rest.every(isThere)) return undefined;
    return sizeIn(store, packed) === old.print.size % 2 ** 32 ? { ...known, logs: rest } : undefined;
  } catch {
    // It is read, and that tells.
    return undefined;
  }
}

function sizeIn({ vfs, layout }: StoreState, { directory, file, print }: SeenLog): number | undefined {
  const open = vfs.open(layout.fileIn(directory, file).path, "read");
  try {
    const bytes = Buffer.alloc(SIZE_BYTES);
    return open.read(bytes, 0, SIZE_BYTES, print.size - SIZE_BYTES) === SIZE_BYTES ? bytes.readUInt32LE() : undefined;
  } finally {
    open.close();
  }
}
