// A session of another tool comes in. Its lines carry that tool's times and a writer derived from the source's
// identity, so a second import finds them and adds nothing, and two machines that import one history write the same
// lines. What is deleted or changed here stays so: an import only adds what the source has and no import has written.
import { createHash } from "node:crypto";
import { ArgumentError, StoreError } from "../../base/errors.ts";
import type { ImportedSession } from "../../base/import.ts";
import type { SessionPatch } from "../../base/session-info.ts";
import { loadCanonical } from "../../line/canonical.ts";
import { writerOf } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import { giveWay, isLongTurn } from "../../base/turn.ts";
import { ImportState, readImportState } from "./import-state.ts";
import { ImportSink } from "./import-sink.ts";
import { exclusively } from "../exclusively.ts";
import { refresh } from "../read/load.ts";
import { NativeSession } from "./import-native.ts";
import {
  described,
  encodeFound,
  fits,
  namesOf,
  takeCut,
  takeHead,
  takeInfo,
  takeMessage,
  takeNow,
  takePart,
} from "./import-take.ts";
import { encodeMessage } from "../write/prepare.ts";
import type { ReadyJson } from "../write/prepare.ts";
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
  /** Its id is a file's name, and that of a session from elsewhere by chance only: it does not go on with that. */
  readonly isNamedByFile?: boolean;
  /** What it says, in order, line by line or several at once. `known`: the ids that earlier imports gave, in order. May be read again. */
  lines(known: readonly string[], fits: (data: object) => boolean): AsyncIterable<FoundLine | Iterable<FoundLine>>;
}

/** Times are in ms. */
export type FoundLine = FoundMessage | FoundPart | FoundInfo | FoundCut | FoundHead;

/** What a message or part says. */
export interface FoundData {
  readonly data: object;
  /** The same as JSON, where the source has it so: it need not be made again. */
  readonly json?: ReadyJson | undefined;
}

export interface FoundMessage extends FoundData {
  readonly type: "message";
  readonly id: string;
  readonly ms: number;
  /** It is one of those that earlier imports gave; what differs (a time that a migration put in) says nothing new. */
  readonly isKnown?: boolean;
  /** Other forms in which earlier imports may have seen it, newest first: the source had less of it. */
  earlier?(): Iterable<FoundData>;
  /** The id of the message that it follows, where that is not the one before it: an older turn was edited. Null: none. */
  readonly follows?: string | null;
  /** The tool changes its messages in place, by their ids: what says something else than before, and no less, is newer. */
  readonly isNewest?: boolean;
  /** Where it stands in the file, for what is told of it. */
  readonly line?: number;
  /** Its place in the store that it was exported from: what is there already is that message, and what changed is an edit. */
  readonly at?: string;
}

/**
 * A part of a message that came before it. What is known by its id and says something else is its newest version;
 * `isNewest`: as that of a message, if it says no less.
 */
export interface FoundPart extends FoundData {
  readonly type: "part";
  readonly message: { readonly id: string; readonly at?: string };
  readonly id: string;
  readonly ms: number;
  readonly isNewest?: boolean;
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
  const states: ImportState[] = [];
  const importNext = async (): Promise<SessionResult> => {
    await loadCanonical();
    await refresh(session);
    const { id, path } = found;
    if (session.fold?.deletedAt !== undefined) return { id, path, status: "deleted", ...NOTHING };
    const writer = writerFor(found);
    const begin = async (): Promise<Import> => {
      for (const state of states.splice(0)) state.close();
      const state = session.exists ? await readImportState(session, writer) : new ImportState(writer);
      states.push(state);
      if (found.isNamedByFile === true && session.exists && state.last === undefined)
        throw new StoreError("EXISTS", `there is a session ${JSON.stringify(id)} already, from elsewhere`, {
          session: id,
        });
      const native = new NativeSession(session);
      return {
        session,
        found,
        options,
        state,
        native,
        sink: new ImportSink(session, state, writer, found.createdMs),
        attachments: 0,
        names: new Map(),
      };
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
    return { id, path, status, ...(await run.sink.create(async () => await take(run))) };
  };
  try {
    return await (options.dryRun ? session.queue.run(importNext) : exclusively(session, importNext));
  } finally {
    for (const state of states) state.close();
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
    const lines = found.lines([...state.messages.keys()], (data) => fits(session, data));
    try {
      for await (const found of lines) {
        for (const line of listOf(found))
          if (line.type === "message" && !(await isThere(session, line, state))) return false;
      }
    } finally {
      state.close();
    }
    return true;
  });
}

async function isThere(session: SessionState, line: FoundMessage, state: ImportState): Promise<boolean> {
  const forms: string[] = [];
  for (const each of [line, ...(line.earlier?.() ?? [])])
    forms.push((await described(session, encodeFound(session, each, encodeMessage))).json);
  for (const name of namesOf(line.id)) {
    const known = state.messages.get(name)?.line;
    if (known === undefined) return false;
    if (forms.some((json) => known.says(json) === true)) return true;
  }
  return false;
}

function listOf(found: FoundLine | Iterable<FoundLine>): Iterable<FoundLine> {
  return Symbol.iterator in found ? found : [found];
}

function writerFor({ identity }: FoundSession): string {
  return writerOf(createHash("sha256").update(identity).digest());
}

type Counts = Pick<ImportedSession, "messages" | "parts" | "attachments" | "added">;

/** Of a session that was not read. */
export const NOTHING: Counts = { messages: 0, parts: 0, attachments: 0, added: 0 };

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
  /** Those of the messages and parts so far. */
  attachments: number;
  /** The message that was read last. */
  previous?: string;
  /** Its place. */
  place?: Stamp;
  /** Of several messages that the source gives one id, the name that the last of them has here. */
  readonly names: Map<string, string>;
}

async function take(run: Import): Promise<Counts> {
  const { signal, onMessage, onProblem } = run.options;
  const problems: [string, number | undefined][] = [];
  let messages = 0;
  let parts = 0;
  let added = 0;
  const takeLine = async (line: FoundMessage | FoundPart | FoundInfo): Promise<void> => {
    try {
      if (line.type === "info") takeInfo(run, line);
      else if (line.type === "part") await takePart(run, line);
      else if (await takeMessage(run, line)) added++;
    } catch (error) {
      if (!(error instanceof ArgumentError)) throw error;
      problems.push([error.message, line.type === "info" ? undefined : line.line]);
    }
  };
  for await (const found of run.found.lines([...run.state.messages.keys()], (data) => fits(run.session, data))) {
    for (const line of listOf(found)) {
      if (isLongTurn(Date.now())) await giveWay();
      signal?.throwIfAborted();
      if (line.type === "cut") takeCut(run, line);
      else if (line.type === "head") takeHead(run, line);
      else {
        if (line.type === "message") {
          messages++;
          onMessage();
        } else if (line.type === "part") parts++;
        // Nearly all lines need nothing to be waited for.
        if (!takeNow(run, line)) await takeLine(line);
        else if (line.type === "message") added++;
        if (line.type === "message") run.previous = line.id;
      }
    }
  }
  for (const problem of problems) onProblem(...problem);
  return { messages, parts, attachments: run.attachments, added };
}
