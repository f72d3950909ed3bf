// Attachments that nothing names go, by way of the trash. Nothing: no log of any machine, no old log, no archive, no log in
// the trash. And for long: a sync brings files before the lines that name them, so what counts is since when this machine
// has seen one unnamed, never its times alone.
import { dirname, join } from "node:path";
import type { BlobCollection } from "../../base/compaction.ts";
import { errno } from "../../base/errors.ts";
import { Turns } from "../../base/slices.ts";
import { replaceText } from "../../disk/aside.ts";
import { hashIn } from "../../disk/blobs.ts";
import { unpack } from "../../disk/gzip.ts";
import { PACKED_ENDING } from "../../disk/names.ts";
import type { Vfs, VfsFile } from "../../disk/vfs.ts";
import { blobNames, NAME_BYTES, namesIn } from "../../log/blob-names.ts";
import type { StoreState } from "../state.ts";

const DAY_MS = 86_400_000;
/** Who has just written a file, or believed it, is about to name it. */
const JUST_MS = 3_600_000;

export interface CollectOptions {
  /** Hashes of files that go for good at once, if nothing names them: what was purged. */
  readonly erase?: ReadonlySet<string> | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Found {
  readonly directory: string;
  readonly name: string;
  readonly hash: string;
}

/**
 * Collects what nothing has named for the restore window. Brings back from the trash what is named again. Memory is bounded by
 * the number of attachments. If anything that may name one cannot be read, it rejects, and nothing is collected. If we
 * crash in here, a file lies in blobs/ or in the trash, where reads find it, too.
 */
export async function collectBlobs(store: StoreState, options: CollectOptions = {}): Promise<BlobCollection> {
  if (store.readOnly !== undefined) throw store.readOnly;
  if (store.remote !== undefined) return await store.remote.collectBlobs(options);
  const { vfs, layout, settings } = store;
  const { erase, signal } = options;
  const windowMs = settings.restoreDays * DAY_MS;
  const now = store.clock.now().ms;
  const here = await blobsIn(vfs, layout.blobs);
  const trashed = await blobsIn(vfs, layout.trashedBlobs);
  const unnamed = new Set([...here, ...trashed].map(({ hash }) => hash));
  if (unnamed.size === 0) return { trashed: 0, removed: 0, bytes: 0 };
  const { sessions, archive, trash, aside } = layout;
  const drop = (hash: string): unknown => unnamed.delete(hash);
  // The sessions once more: a log that was restored meanwhile was in neither place when we looked there.
  for (const directory of [sessions, archive, trash, aside, sessions])
    if (unnamed.size > 0) await forEachName(store, directory, drop, signal);
  const since = sinceOf(store, unnamed, now);
  const done = { trashed: 0, removed: 0, bytes: 0 };
  const remove = (path: string, size: number): void => {
    vfs.remove(path);
    done.removed++;
    done.bytes += size;
  };
  const turns = new Turns(signal);
  for (const file of trashed) {
    if (turns.isOver) await turns.giveWay();
    const { directory, name, hash } = file;
    const path = join(directory, name);
    const stat = vfs.stat(path);
    if (stat === undefined) continue;
    if (!unnamed.has(hash)) await bringBack(store, file);
    else if (erase?.has(hash) === true || now - Math.max(stat.mtimeMs, stat.ctimeMs) > windowMs)
      remove(path, stat.size);
  }
  for (const file of here) {
    if (turns.isOver) await turns.giveWay();
    const { directory, name, hash } = file;
    const path = join(directory, name);
    const stat = vfs.stat(path);
    if (stat === undefined || !unnamed.has(hash)) continue;
    const isErased = erase?.has(hash) === true;
    const isOld = now - (since.get(hash) ?? now) >= windowMs && now - stat.mtimeMs > Math.max(windowMs, JUST_MS);
    if (!isErased && !isOld) continue;
    store.blobs.forget(hash);
    const away = layout.trashedBlob(hash, name.slice(hash.length));
    vfs.makeDirectory(dirname(away));
    if (!isMoved(vfs, path, away)) continue;
    if (vfs.stat(away)?.mtimeMs !== stat.mtimeMs) {
      // Whoever names it now has touched it between our look and the move.
      await bringBack(store, { ...file, directory: dirname(away) });
    } else if (isErased) {
      remove(away, stat.size);
    } else {
      // Its time in the trash begins.
      vfs.setTime(away, now);
      done.trashed++;
    }
  }
  return done;
}

/** Every name of an attachment in the files below a directory; some more than once. */
async function forEachName(
  { vfs, layout }: StoreState,
  directory: string,
  onName: (hash: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  for await (const path of filesBelow(vfs, directory, layout.trashedBlobs)) {
    signal?.throwIfAborted();
    const file = openIfThere(vfs, path);
    if (file === undefined) continue;
    try {
      if (path.endsWith(PACKED_ENDING)) await packedNames(file, path, onName, signal);
      else await blobNames(file, file.stat().size, onName, signal);
    } finally {
      file.close();
    }
  }
}

/** What is gone since the directory was read has moved to where its lines are found all the same, or is deleted. */
function openIfThere(vfs: Vfs, path: string): VfsFile | undefined {
  try {
    return vfs.open(path, "read");
  } catch (error) {
    if (errno(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function* filesBelow(vfs: Vfs, directory: string, except: string): AsyncGenerator<string> {
  for await (const name of vfs.streamNames(directory)) {
    const path = join(directory, name);
    if (path === except) continue;
    if (vfs.stat(path)?.isDirectory === true) yield* filesBelow(vfs, path, except);
    else yield path;
  }
}

/** The same of a log that was packed. */
async function packedNames(
  file: VfsFile,
  path: string,
  onName: (hash: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  let rest: Buffer = Buffer.alloc(0);
  await unpack(file, path, (piece) => {
    signal?.throwIfAborted();
    const bytes = Buffer.concat([rest, piece]);
    for (const { hash } of namesIn(bytes, 0, bytes.length)) onName(hash);
    rest = bytes.subarray(Math.max(0, bytes.length - NAME_BYTES));
  });
}

async function blobsIn(vfs: Vfs, root: string): Promise<Found[]> {
  const found: Found[] = [];
  for await (const first of vfs.streamNames(root)) {
    if (!/^[0-9a-f]{2}$/.test(first)) continue;
    const directory = join(root, first);
    for await (const name of vfs.streamNames(directory)) {
      const hash = hashIn(name);
      if (hash?.startsWith(first) === true) found.push({ directory, name, hash });
    }
  }
  return found;
}

/** Back from the trash, if it is not in its place again by now. */
async function bringBack({ vfs, layout }: StoreState, { directory, name, hash }: Found): Promise<void> {
  const from = join(directory, name);
  const to = layout.blob(hash, name.slice(hash.length));
  vfs.makeDirectory(join(layout.blobs, hash.slice(0, 2)));
  if (vfs.stat(to)?.size === vfs.stat(from)?.size) vfs.remove(from);
  else isMoved(vfs, from, to);
  for (const each of [join(layout.blobs, hash.slice(0, 2)), layout.blobs]) await vfs.syncDirectory(each);
}

/** False: another process has moved it. */
function isMoved(vfs: Vfs, from: string, to: string): boolean {
  try {
    vfs.rename(from, to);
    return true;
  } catch (error) {
    if (errno(error) === "ENOENT" && vfs.stat(from) === undefined) return false;
    throw error;
  }
}

/** Since when each has been seen unnamed; now, where it is new. What is remembered of this machine's may be lost: then it begins anew. */
function sinceOf({ vfs, layout }: StoreState, unnamed: ReadonlySet<string>, now: number): Map<string, number> {
  const path = join(layout.cache, "unnamed-blobs.json");
  const known = new Map<string, unknown>(Object.entries(readKnown(vfs, path)));
  const since = new Map<string, number>();
  for (const hash of unnamed) {
    const at = known.get(hash);
    // A time that has not come yet is a clock's that was wrong.
    since.set(hash, typeof at === "number" && at <= now ? at : now);
  }
  const text = JSON.stringify(Object.fromEntries(since));
  if (text !== JSON.stringify(Object.fromEntries(known))) replaceText(vfs, layout.aside, path, text);
  return since;
}

function readKnown(vfs: Vfs, path: string): object {
  try {
    const known: unknown = JSON.parse(vfs.readText(path) ?? "{}");
    return typeof known === "object" && known !== null ? known : {};
  } catch {
    return {};
  }
}
