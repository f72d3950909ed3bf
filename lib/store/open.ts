// Opens a store, or makes one. What is there is never written over: a marker that cannot be read, or that a newer
// version wrote, is an error.
import { dirname, resolve } from "node:path";
import { ArgumentError, ioError, StoreError } from "../base/errors.ts";
import type { Settings } from "../base/options.ts";
import { Aside, replaceText } from "../disk/aside.ts";
import { machinesOf, rootOf } from "../disk/machine.ts";
import { Layout } from "../disk/names.ts";
import type { FileStat, Vfs } from "../disk/vfs.ts";
import { FORMAT } from "../line/codec.ts";
import { CatalogKeeper } from "./list/catalog-keeper.ts";
import { StoreState } from "./state.ts";

const MARKER = `${JSON.stringify({ format: FORMAT })}\n`;
/**
 * What git and whoever reads .gitignore should know. All that lies in a store are bytes: no line ending is to be changed in
 * any of it, whatever the repository around it says. An old log is gone in a minute, and the new one has all of it.
 */
const GIT_FILES: readonly (readonly [string, string])[] = [
  [".gitignore", ".cache/\ntrash/\nlost+found/\n*.jsonl.old\n"],
  [".gitattributes", "* -text\n"],
];

export async function openState(vfs: Vfs, directory: string, settings: Settings): Promise<StoreState> {
  if (typeof directory !== "string" || directory === "" || directory.includes("\0"))
    throw new ArgumentError("INVALID_ARGUMENT", "a store lies in a directory, named by a text");
  const path = resolve(directory);
  try {
    const stat = vfs.stat(path);
    if (stat !== undefined && !stat.isDirectory) {
      throw new StoreError("NOT_A_STORE", `${path} is a file, not a directory`, { path });
    }
    const layout = new Layout(stat === undefined ? path : vfs.realPath(path));
    const marker = vfs.readText(layout.marker);
    if (marker !== undefined) checkMarker(layout.marker, marker);
    else if (settings.create) return await createState(vfs, path, settings);
    else throw new StoreError("NOT_FOUND", `no store at ${path}`, { path });
    return existingState(vfs, layout, settings, await rootOf(vfs, layout.root, stat));
  } catch (error) {
    throw ioError(error, `open the store at ${path}`, { path });
  }
}

/** Throws NEWER_FORMAT for what a newer version wrote, DAMAGED for a marker that says nothing. */
export function checkMarker(path: string, text: string): void {
  let format: unknown;
  try {
    ({ format } = JSON.parse(text) as { format?: unknown });
  } catch (cause) {
    throw new StoreError("DAMAGED", `${path} is no JSON`, { path, cause });
  }
  if (!Number.isInteger(format) || (format as number) < 1)
    throw new StoreError("DAMAGED", `${path} names no format`, { path });
  if ((format as number) > FORMAT) {
    throw new StoreError("NEWER_FORMAT", `the store has format ${String(format)}; this version reads ${FORMAT}`, {
      path,
    });
  }
}

/**
 * If we crash in here, the next open goes on: the marker comes last but for this machine's own files. It gets its name when
 * its bytes are on the disk: an empty one, as a power loss leaves it, would be taken for damage.
 */
async function createState(vfs: Vfs, path: string, settings: Settings): Promise<StoreState> {
  const parents: string[] = [];
  for (let each = path; dirname(each) !== each && vfs.stat(each) === undefined; each = dirname(each))
    parents.push(dirname(each));
  vfs.makeDirectory(path);
  const layout = new Layout(vfs.realPath(path));
  vfs.makeDirectory(layout.sessions);
  for (const [name, text] of GIT_FILES) {
    const file = resolve(layout.root, name);
    if (vfs.stat(file) === undefined) replaceText(vfs, layout.aside, file, text);
  }
  const marker = new Aside(vfs, layout.aside);
  try {
    marker.write(MARKER);
    await marker.file.sync();
    marker.replace(layout.marker);
  } finally {
    marker.discard();
  }
  for (const directory of [layout.root, ...parents]) await vfs.syncDirectory(directory);
  const root = await rootOf(vfs, layout.root);
  return makeState(vfs, layout, settings, machinesOf(vfs, layout, settings.machine, root));
}

/** A store on a medium that cannot be written is opened for reading. */
function existingState(vfs: Vfs, layout: Layout, settings: Settings, root: FileStat | undefined): StoreState {
  try {
    return makeState(vfs, layout, settings, machinesOf(vfs, layout, settings.machine, root));
  } catch (cause) {
    const reason = ioError(cause, "write to the store", { path: layout.root, written: "no" });
    if (reason.code !== "READ_ONLY" && reason.code !== "NO_ACCESS") throw reason;
    return makeState(vfs, layout, settings, [], reason);
  }
}

function makeState(
  vfs: Vfs,
  layout: Layout,
  settings: Settings,
  machines: readonly string[],
  readOnly?: StoreError,
): StoreState {
  return new StoreState(vfs, layout, settings, machines, readOnly, (store) => new CatalogKeeper(store));
}
