// Reading a session: streams and single messages. Memory is bounded by the answer, and by a few batches of 1 MiB.
import type { BlobMode } from "../../base/blob.ts";
import type { Entry, Part } from "../../base/entry.ts";
import { checkOptions } from "../../base/options.ts";
import { BadSidecarError } from "../../indexes/offsets/sidecar.ts";
import type { Reading } from "../../line/reading.ts";
import { NONE } from "../../line/rows.ts";
import { parseStamp } from "../../line/stamp.ts";
import { giveWay } from "../../base/turn.ts";
import { checkBlobOptions, checkBlobs, Giver } from "../blobs/give.ts";
import type { BlobOptions } from "../blobs/give.ts";
import { positionAfter } from "./page.ts";
import { findMessage, noMessage, placeOf } from "../write/reference.ts";
import { Snapshot, StaleError } from "./snapshot.ts";
import type { Loaded } from "./snapshot.ts";
import { checkCount } from "../state.ts";
import type { SessionState } from "../session-state.ts";
import { batches, changing, unlessStale } from "./stream.ts";
import { viewLast, viewPart } from "./view.ts";
import type { View } from "./view.ts";
import { Windows } from "./windows.ts";
import type { Positions } from "./windows.ts";

export interface ReadOptions {
  /** Only the newest n of the range. */
  last?: number | undefined;
  /** At most n, counted from where the reading begins. */
  limit?: number | undefined;
  /** Only what comes before, or after, this message: its id, its `at`, or a cursor. */
  before?: string | undefined;
  after?: string | undefined;
  /** Newest first. */
  reverse?: boolean | undefined;
  /** Give the parts of each message. Default true. */
  parts?: boolean | undefined;
  /** "restore" (default): attachments as the very texts that were given. "reference": what store.blob() takes. */
  blobs?: BlobMode | undefined;
  signal?: AbortSignal | undefined;
}

/** How far a stream has come, when a log has changed in place and the rest must be looked up anew. */
interface Progress {
  given: number;
  lastAt: string | undefined;
}

/** The messages of the history that the options ask for. Later changes do not show in a stream that has begun. */
export function messages<M extends object, P extends object>(
  session: SessionState,
  options: ReadOptions,
): AsyncGenerator<Entry<M, P>> {
  return stream<M, P, Entry<M, P>>(session, options, () => {
    checkOptions("messages", options, ["last", "limit", "before", "after", "reverse", "parts", "blobs", "signal"]);
    checkBlobs("messages", options);
    if (options.last !== undefined) checkCount("last", options.last, 0);
    if (options.limit !== undefined) checkCount("limit", options.limit, 0);
    const giver = new Giver<M, P>(session, options.blobs);
    return (snapshot, loaded, index) => {
      const entry = snapshot.entry(loaded, index);
      return giver.isNeeded(loaded) ? giver.give(entry) : entry;
    };
  });
}

/** The ids of the history's messages, oldest first. Their data is read, not parsed. */
export async function* messageIds(session: SessionState): AsyncGenerator<string> {
  const labels = stream(session, { parts: false }, () => (snapshot, loaded, index) => snapshot.label(loaded, index));
  for await (const { id } of labels) yield id;
}

/** Gives what is asked of a message. */
type Make<M extends object, P extends object, T> = (
  snapshot: Snapshot<M, P>,
  loaded: Loaded,
  index: number,
) => T | Promise<T>;

/** `begin` is called when somebody asks for the first message, and checks what is asked. */
async function* stream<M extends object, P extends object, T extends { readonly at: string }>(
  session: SessionState,
  options: ReadOptions,
  begin: () => Make<M, P, T>,
): AsyncGenerator<T> {
  const make = begin();
  const { reverse = false, signal } = options;
  const progress: Progress = { given: 0, lastAt: undefined };
  for (let stale: unknown; ;) {
    signal?.throwIfAborted();
    const windows = await unlessStale(session, () => windowsFor<M, P>(session, options, progress));
    const before = progress.given;
    try {
      for await (const { snapshot, loaded } of batches(windows, reverse, signal)) {
        for (let index = loaded.first; index < loaded.end; index++) {
          const made = make(snapshot, loaded, reverse ? loaded.end - 1 - (index - loaded.first) : index);
          const item = made instanceof Promise ? await made : made;
          progress.given++;
          progress.lastAt = item.at;
          yield item;
          signal?.throwIfAborted();
        }
      }
      return;
    } catch (error) {
      if (!(error instanceof StaleError || error instanceof BadSidecarError)) throw session.typed(error);
      if (stale !== undefined && progress.given === before) throw changing(session, error);
      stale = error;
      session.distrust();
    } finally {
      windows.release();
    }
  }
}

/** One message of the history, by its id or its `at`; undefined: there is none. */
export async function message<M extends object, P extends object>(
  session: SessionState,
  reference: string,
  options: BlobOptions = {},
): Promise<Entry<M, P> | undefined> {
  checkBlobOptions("message", options);
  return await unlessStale(session, async () => {
    const snapshot = await viewPart(session, (view) => {
      const row = findMessage(view, session.id, reference);
      return row === NONE ? undefined : new Snapshot<M, P>(view, Uint32Array.of(row), true);
    });
    if (snapshot === undefined) return undefined;
    try {
      const giver = new Giver<M, P>(session, options.blobs);
      const loaded = await snapshot.load(0, 1);
      const entry = snapshot.entry(loaded, 0);
      return giver.isNeeded(loaded) ? await giver.give(entry) : entry;
    } finally {
      snapshot.release();
    }
  });
}

/** The parts of a message of the history, oldest first. */
export async function* parts<P extends object>(
  session: SessionState,
  messageId: string,
  options: BlobOptions,
): AsyncGenerator<Part<P>> {
  const entry = await message<object, P>(session, messageId, options);
  if (entry === undefined) throw noMessage(session.id, messageId);
  yield* entry.parts;
}

export async function history<M extends object, P extends object>(
  session: SessionState,
  options: BlobOptions,
): Promise<Entry<M, P>[]> {
  checkBlobOptions("history", options);
  const entries: Entry<M, P>[] = [];
  for await (const entry of messages<M, P>(session, options)) entries.push(entry);
  return entries;
}

export async function count(session: SessionState): Promise<number> {
  const length = await viewPart(session, ({ fold }) => fold.history.length);
  await giveWay();
  return length;
}

/** Where only the newest messages are asked for, the end of the log will do. */
async function windowsFor<M extends object, P extends object>(
  session: SessionState,
  options: ReadOptions,
  progress: Progress,
): Promise<Windows<M, P>> {
  const { last, limit, before, after, reverse = false, parts = true } = options;
  const wanted = reverse ? Math.min(last ?? Infinity, limit ?? Infinity) : (last ?? Infinity);
  const isEnd = before === undefined && after === undefined && progress.lastAt === undefined && Number.isFinite(wanted);
  const take = (view: View<Reading>): Windows<M, P> =>
    new Windows<M, P>(view, select(view, session.id, options, progress), { parts, reverse });
  return await (isEnd ? viewLast(session, wanted, take) : viewPart(session, take));
}

/** What is asked for and was not given yet. */
function select(view: View<Reading>, sessionId: string, options: ReadOptions, { given, lastAt }: Progress): Positions {
  const { last = Infinity, limit = Infinity, reverse = false } = options;
  const { history } = view.fold;
  let first = options.after === undefined ? 0 : positionAfter(view, placeOf(view, sessionId, options.after));
  let end =
    options.before === undefined ? history.length : history.positionOf(placeOf(view, sessionId, options.before));
  first = Math.max(first, end - last);
  const went = parseStamp(lastAt);
  if (went !== undefined && reverse) end = Math.min(end, history.positionOf(went));
  if (went !== undefined && !reverse) first = Math.max(first, positionAfter(view, went));
  if (reverse) first = Math.max(first, end - (limit - given));
  else end = Math.min(end, first + (limit - given));
  return { first, end };
}
