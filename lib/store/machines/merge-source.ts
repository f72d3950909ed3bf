// What is merged: a store, a part of one, or a single log, on a file system that is only read.
import { basename, dirname, resolve } from "node:path";
import { ArgumentError, StoreError, typedError } from "../../base/errors.ts";
import { Blobs } from "../../disk/blobs.ts";
import { isMachineName } from "../../disk/machine.ts";
import { Layout, machineOf, nameOf, OLD_ENDING } from "../../disk/names.ts";
import { NodeVfs } from "../../disk/node-vfs.ts";
import type { Vfs } from "../../disk/vfs.ts";
import { firstLine } from "../../log/last.ts";
import { checkMarker } from "../open.ts";
import { StoreState } from "../state.ts";
import { remoteTargets, targetsOf } from "../check/verify-targets.ts";
import type { Target } from "../check/verify-targets.ts";
import type { Remote } from "../remote.ts";

/** In so many bytes a log has a line. */
const FIRST_BYTES = 1024 * 1024;
const MONTH = /^\d{4}-\d{2}$/;
const GZIP = [0x1f, 0x8b];

/** A log of the source. */
export interface Copy {
  readonly path: string;
  readonly isPacked: boolean;
  /** Another log has taken its name, and it stands beside that for a minute. */
  readonly isOld: boolean;
  /** Where it lies in a store; undefined: in none that its path tells. */
  readonly month: { readonly machine: string; readonly month: string } | undefined;
}

/** The logs that have one name, by which they are one session's, as a rule. */
export interface SourceLogs {
  readonly name: string;
  readonly copies: readonly Copy[];
  /** It is the log that was asked for, and its path may say nothing. */
  readonly isSingle: boolean;
}

interface Unreadable {
  readonly path: string;
  readonly error: Error;
}

/** False: it is called otherwise than the logs of the session with this name. */
export function isCalled({ path, isPacked }: Pick<Copy, "path" | "isPacked">, name: string): boolean {
  return nameOf(basename(path), isPacked) === name;
}

export interface MergeSource {
  readonly vfs: Vfs;
  /** Its attachments; undefined: it has none. */
  readonly blobs: Blobs | undefined;
  /** The store that it is, where only that knows what lies in it. */
  readonly remote: Remote | undefined;
  /** One session after the other, in no order. */
  logs(): AsyncGenerator<SourceLogs | Unreadable>;
}

/** Throws NOT_FOUND, NOT_A_STORE, NEWER_FORMAT, DAMAGED; INVALID_ARGUMENT for the store itself. */
export function openSource(store: StoreState, source: unknown): MergeSource {
  if (source instanceof StoreState) return openStore(store, source);
  if (typeof source !== "string" || source === "" || source.includes("\0"))
    throw new ArgumentError("INVALID_ARGUMENT", "merge() takes the path of a store or of a log");
  const path = resolve(source);
  // A store in memory is merged with what lies on the disk, too.
  const vfs = store.vfs.isVolatile && store.vfs.stat(path) === undefined ? new NodeVfs() : store.vfs;
  try {
    const stat = vfs.stat(path);
    if (stat === undefined) throw new StoreError("NOT_FOUND", `there is nothing at ${path}`, { path });
    return stat.isDirectory ? openDirectory(store, vfs, vfs.realPath(path)) : openLog(vfs, vfs.realPath(path));
  } catch (error) {
    throw typedError(error, `read ${path}`, { path });
  }
}

function openDirectory(store: StoreState, vfs: Vfs, root: string): MergeSource {
  const layout = new Layout(root);
  if (vfs === store.vfs && isSame(vfs, root, store.layout.root))
    throw new ArgumentError("INVALID_ARGUMENT", `${root} is the store itself`);
  const marker = vfs.readText(layout.marker);
  if (marker !== undefined) checkMarker(layout.marker, marker);
  else if (vfs.stat(layout.sessions)?.isDirectory !== true)
    throw new StoreError("NOT_A_STORE", `${root} has neither turnlog.json nor sessions/: it is no store`, {
      path: root,
    });
  return {
    vfs,
    blobs: blobsIn(vfs, layout),
    remote: undefined,
    logs: () => logsOf(targetsOf({ vfs, layout }, undefined)),
  };
}

/** Another store that is open. */
function openStore(store: StoreState, source: StoreState): MergeSource {
  const { vfs, layout, remote, blobs } = source;
  if (isSameStore(store, source))
    throw new ArgumentError("INVALID_ARGUMENT", `${remote?.place ?? layout.root} is the store itself`);
  source.checkOpen();
  return { vfs, blobs, remote, logs: () => logsOf(allTargets(source)) };
}

function isSameStore(store: StoreState, source: StoreState): boolean {
  if (source === store) return true;
  // A database has one machine, wherever it is opened.
  if (source.remote !== undefined || store.remote !== undefined)
    return source.remote !== undefined && store.remote !== undefined && source.machine === store.machine;
  return !source.vfs.isVolatile && !store.vfs.isVolatile && isSame(store.vfs, source.layout.root, store.layout.root);
}

async function* allTargets(source: StoreState): AsyncGenerator<Target> {
  if (source.remote === undefined) yield* targetsOf(source, undefined);
  else yield* remoteTargets(source, undefined);
}

async function* logsOf(targets: AsyncIterable<Target>): ReturnType<MergeSource["logs"]> {
  for await (const target of targets) {
    if ("error" in target) {
      yield target;
      continue;
    }
    // What a tool keeps for itself is none of ours.
    const shown = target.places.filter(({ machine }) => !machine.startsWith("."));
    const copies = shown.map(({ path, machine, packed }) =>
      copyAt(path, packed !== undefined, { machine, month: basename(dirname(path)) }),
    );
    if (copies.length > 0) yield { name: target.name, copies, isSingle: false };
  }
}

function openLog(vfs: Vfs, path: string): MergeSource {
  const file = vfs.open(path, "read");
  let isPacked: boolean;
  try {
    const { size } = file.stat();
    const first = Buffer.alloc(GZIP.length);
    file.read(first, 0, first.length, 0);
    isPacked = GZIP.every((byte, index) => first[index] === byte);
    if (!isPacked && firstLine(file, Math.min(size, FIRST_BYTES)) === undefined) throw notALog(path, file, size);
  } finally {
    file.close();
  }
  const copy = copyAt(path, isPacked, monthIn(path));
  const name = nameOf(basename(path)) ?? nameOf(basename(path), true) ?? basename(path);
  const root = dirname(dirname(dirname(dirname(path))));
  return {
    vfs,
    blobs: copy.month === undefined ? undefined : blobsIn(vfs, new Layout(root)),
    remote: undefined,
    async *logs() {
      yield await Promise.resolve({ name, copies: [copy], isSingle: true });
    },
  };
}

function notALog(path: string, file: ReturnType<Vfs["open"]>, size: number): StoreError {
  const bytes = Buffer.alloc(Math.min(size, 64));
  const text = bytes.toString("latin1", 0, file.read(bytes, 0, bytes.length, 0)).trimStart();
  const hint = text.startsWith("[")
    ? "a JSON file, such as an export, is imported"
    : "other tools' sessions are imported";
  return new StoreError("NOT_A_STORE", `${path} is no store and no log of one (${hint})`, { path });
}

function copyAt(path: string, isPacked: boolean, month: Copy["month"]): Copy {
  return { path, isPacked, isOld: path.endsWith(OLD_ENDING), month };
}

/** Where a path says that it lies, if it ends as those in a store do. */
function monthIn(path: string): Copy["month"] {
  const month = basename(dirname(path));
  const machine = machineOf(path);
  return MONTH.test(month) && isMachineName(machine) ? { machine, month } : undefined;
}

function blobsIn(vfs: Vfs, layout: Layout): Blobs | undefined {
  return vfs.stat(layout.blobs) === undefined ? undefined : new Blobs(vfs, layout);
}

/** The same directory, by whatever name. */
function isSame(vfs: Vfs, path: string, other: string): boolean {
  const [a, b] = [vfs.stat(path), vfs.stat(other)];
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}
