// A session of another tool comes in. Its lines carry that tool's times and a writer derived from the source's
// identity, so a second import finds them and adds nothing, and two machines that import one history write the same
// lines. What is deleted or changed here stays so: an import only adds what the source has and no import has written.
import { createHash } from "node:crypto";
import { ArgumentError } from "../../base/errors.ts";
import type { ImportedSession } from "../../base/import.ts";
import type { SessionPatch } from "../../base/session-info.ts";
import { loadCanonical } from "../../line/canonical.ts";
import { writerOf } from "../../line/stamp.ts";
import { giveWay } from "../../base/turn.ts";
import { digestOf, ImportState, readImportState } from "./import-state.ts";
import { ImportSink } from "./import-sink.ts";
import { exclusively } from "../exclusively.ts";
import { refresh } from "../read/load.ts";
import { NativeSession } from "./import-native.ts";
import { described, fits, namesOf, takeCut, takeHead, takeInfo, takeMessage, takePart } from "./import-take.ts";
import { encodeMessage } from "../write/prepare.ts";
import type { SessionState } from "../session-state.ts";
import type { StoreState } from "../state.ts";

/** A session that an importer has found. */
export interface FoundSession {
  readonly id: string;
  /** What makes it the same session at every import, on every machine: the tool and its own name for it. */
  readonly identity: string;
  readonly path: string;
  /** When it began, in ms. */
  readonly createdMs: number;
  /** What it says, in order. `known`: the ids that earlier imports gave, in order. May be read again. */
  lines(known: readonly string[], fits: (data: object) => boolean): AsyncIterable<FoundLine>;
}

/** Times are in ms. */
export type FoundLine = FoundMessage | FoundPart | FoundInfo | FoundCut | FoundHead;

export interface FoundMessage {
  readonly type: "message";
  readonly id: string;
  readonly ms: number;
  readonly data: object;
  /** It is one of those that earlier imports gave; what differs (a time that a migration put in) says nothing new. */
  readonly isKnown?: boolean;
  /** Other forms in which earlier imports may have seen it, newest first: the source had less of it. */
  readonly earlier?: () => Iterable<object>;
  /** The id of the message that it follows, where that is not the one before it: an older turn was edited. Null: none. */
  readonly follows?: string | null;
  /** The tool changes its messages in place, by their ids: what says something else than before, and no less, is newer. */
  readonly isNewest?: boolean;
  /** Where it stands in the file, for what is told of it. */
  readonly line?: number;
  /** Its place in the store that it was exported from: what is there already is that message, and what changed is an edit. */
  readonly at?: string;
}

/** A part of a message that came before it. What is known by its id and says something else is its newest version. */
export interface FoundPart {
  readonly type: "part";
  readonly message: { readonly id: string; readonly at?: string };
  readonly id: string;
  readonly ms: number;
  readonly data: object;
  /** As that of a message. */
  readonly at?: string;
  /** As that of a message. */
  readonly line?: number;
}

export interface FoundInfo {
  readonly type: "info";
  readonly ms: number;
  readonly patch: SessionPatch;
  /** What stands already, whoever wrote it, is not written again. */
  readonly isRest?: boolean;
}

/** The source shows nothing before this message, or nothing at all. */
export interface FoundCut {
  readonly type: "cut";
  readonly ms: number;
  readonly before: string | null;
}

/** The last of the lines: the source goes on from this message (null: from the beginning), which is not the one that came last. */
export interface FoundHead {
  readonly type: "head";
  readonly ms: number;
  readonly after: string | null;
}

export interface ImportSessionOptions {
  readonly dryRun: boolean;
  readonly signal: AbortSignal | undefined;
  /** Called for each message that was read. */
  readonly onMessage: () => void;
  readonly onProblem: (reason: string, line: number | undefined) => void;
}

/** What became of one session. */
export type SessionResult = Omit<ImportedSession, "source">;

export async function importSession(
  store: StoreState,
  found: FoundSession,
  options: ImportSessionOptions,
): Promise<SessionResult> {
  const session = store.session(found.id);
  if (store.readOnly !== undefined && !options.dryRun) throw store.readOnly;
  const importNext = async (): Promise<SessionResult> => {
    await loadCanonical();
    await refresh(session);
    const { id, path } = found;
    if (session.fold?.deletedAt !== undefined) return { id, path, status: "deleted", messages: 0, parts: 0, added: 0 };
    const writer = writerFor(found);
    const begin = async (): Promise<Import> => {
      const state = session.exists ? await readImportState(session, writer) : new ImportState();
      const native = new NativeSession(session);
      return { session, found, options, state, native, sink: new ImportSink(session, state, writer) };
    };
    if (session.writer !== undefined && !options.dryRun) {
      const run = await begin();
      const counts = await run.sink.append(session.writer, async () => await take(run));
      return { id, path, status: run.sink.count > 0 ? "grown" : "unchanged", ...counts };
    }
    if (session.exists || options.dryRun) {
      // A log of ours is made only if there is something to write into it.
      const trial = await begin();
      const counts = await take(options.dryRun ? trial : { ...trial, options: { ...options, ...QUIET } });
      const isSame = session.exists && trial.sink.count === 0;
      if (isSame || options.dryRun)
        return { id, path, status: isSame ? "unchanged" : session.exists ? "grown" : "created", ...counts };
      if (session.isPutAway) {
        const { bringBack } = await import("../space/packed-log.ts");
        await bringBack(session);
        return await importNext();
      }
    }
    const status = session.exists ? "grown" : "created";
    const run = await begin();
    return { id, path, status, ...(await run.sink.create(found.createdMs, async () => await take(run))) };
  };
  if (options.dryRun) return await session.queue.run(importNext);
  try {
    return await exclusively(session, importNext);
  } finally {
    // Of thousands that come in nobody writes on.
    session.lease?.letGo();
  }
}

/** True if the store has every message of the source, with its content, as far as it can be read. */
export async function isImported(store: StoreState, found: FoundSession): Promise<boolean> {
  const session = store.session(found.id);
  return await session.queue.run(async () => {
    await refresh(session);
    if (!session.exists || session.fold?.deletedAt !== undefined) return false;
    const state = await readImportState(session, writerFor(found));
    for await (const line of found.lines([...state.messages.keys()], (data) => fits(session, data))) {
      if (line.type === "message" && !(await isThere(session, line, state))) return false;
    }
    return true;
  });
}

async function isThere(
  session: SessionState,
  { id, data, earlier }: FoundMessage,
  state: ImportState,
): Promise<boolean> {
  const digests = new Set<string>();
  for (const each of [data, ...(earlier?.() ?? [])])
    digests.add(digestOf((await described(session, encodeMessage(session, each))).json));
  for (const name of namesOf(id)) {
    const known = state.messages.get(name);
    if (known === undefined) return false;
    if (known.digest !== undefined && digests.has(known.digest)) return true;
  }
  return false;
}

function writerFor({ identity }: FoundSession): string {
  return writerOf(createHash("sha256").update(identity).digest());
}

type Counts = Pick<ImportedSession, "messages" | "parts" | "added">;

/** What is read again is told of once. */
const QUIET = { onMessage: (): void => undefined, onProblem: (): void => undefined };

/** One session's import under way. */
export interface Import {
  readonly session: SessionState;
  readonly found: FoundSession;
  readonly options: ImportSessionOptions;
  readonly state: ImportState;
  readonly native: NativeSession;
  readonly sink: ImportSink;
  /** The message that was read last. */
  previous?: string;
}

async function take(run: Import): Promise<Counts> {
  const { signal, onMessage, onProblem } = run.options;
  const problems: [string, number | undefined][] = [];
  let messages = 0;
  let parts = 0;
  let added = 0;
  for await (const line of run.found.lines([...run.state.messages.keys()], (data) => fits(run.session, data))) {
    await giveWay();
    signal?.throwIfAborted();
    if (line.type === "cut") takeCut(run, line);
    else if (line.type === "head") takeHead(run, line);
    else {
      if (line.type === "message") {
        messages++;
        onMessage();
      } else if (line.type === "part") parts++;
      try {
        if (line.type === "info") takeInfo(run, line);
        else if (line.type === "part") await takePart(run, line);
        else if (await takeMessage(run, line)) added++;
      } catch (error) {
        if (!(error instanceof ArgumentError)) throw error;
        problems.push([error.message, line.type === "info" ? undefined : line.line]);
      }
      if (line.type === "message") run.previous = line.id;
    }
  }
  for (const problem of problems) onProblem(...problem);
  return { messages, parts, added };
}
