// One import from beginning to end: which tool's it is, what it has, session after session into the store.
import { ArgumentError, StoreError } from "../base/errors.ts";
import type { ImportedSession, ImportOptions, ImportReport, ImportSource } from "../base/import.ts";
import { checkOptions } from "../base/options.ts";
import { giveWay } from "../base/turn.ts";
import { importSession, isImported, NOTHING } from "../store/import/import.ts";
import type { SessionResult } from "../store/import/import.ts";
import { ImportedFiles } from "../store/import/imported-files.ts";
import type { ImportedCounts, SourceState } from "../store/import/imported-files.ts";
import type { StoreState } from "../store/state.ts";
import type { Asked, SourceSession } from "./importer.ts";
import { toleratingLater } from "./importer.ts";
import { Problems } from "./problems.ts";
import { Reading } from "./reading.ts";
import { kindOf, markMigrated, printOf } from "./source.ts";
import { watchPaths } from "./source-watches.ts";
import { isAsItWas, stateOf } from "./source-state.ts";
import { withSpooled } from "./spool.ts";
import { toolsFor } from "./tools.ts";

/** So many messages pass between two reports of progress. */
const MESSAGES_A_REPORT = 1000;
/** What one session suffers from does not stop the others. */
const SESSION_ERRORS: ReadonlySet<string> = new Set(["DAMAGED", "NEWER_FORMAT", "EXISTS", "SESSION_BUSY"]);
/** How a stream is called. */
const STREAM = "-";
const LISTS: ReadonlySet<ImportSource> = new Set(["messages", "turnlog"]);
const OPTIONS = ["path", "input", "id", "dryRun", "markMigrated", "onProgress", "signal"];

type Source = ImportSource | "auto" | "all";

interface Found extends SourceSession {
  readonly source: ImportSource;
}

interface Looked {
  readonly session: Found;
  /** Before it was read. */
  readonly state: SourceState;
  /** What it has, if it need not be read. */
  readonly known: ImportedCounts | undefined;
}

/** An import under way. */
interface Run {
  readonly store: StoreState;
  readonly options: ImportOptions;
  readonly problems: Problems;
  readonly imported: ImportedFiles;
  readonly reading: Reading;
  /** So many sessions the source has. */
  readonly found: number;
  readonly sessions: ImportedSession[];
  messages: number;
}

export async function runImport(store: StoreState, source: Source, options: ImportOptions): Promise<ImportReport> {
  checkOptions("importFrom", options, OPTIONS);
  store.checkOpen();
  const { input, path, id } = options;
  if (id !== undefined && (typeof id !== "string" || id === ""))
    throw new ArgumentError("INVALID_ARGUMENT", "importFrom: the id must be a text that is not empty");
  if (input === undefined) return await importFrom(store, source, options);
  if (path !== undefined) throw new ArgumentError("INVALID_ARGUMENT", "importFrom takes a path or an input, not both");
  if (typeof (input as Partial<typeof input> | null)?.[Symbol.asyncIterator] !== "function")
    throw new ArgumentError("INVALID_ARGUMENT", "importFrom: the input must be a stream of bytes");
  return await withSpooled(input, options.signal, async (spool) => {
    const report = await importFrom(store, source, { ...options, path: spool }).catch((error: unknown) => {
      // Nobody knows the file by its name.
      if (error instanceof Error) error.message = error.message.replaceAll(spool, "the input");
      throw error;
    });
    const named = <T extends { readonly path: string }>(each: T): T =>
      each.path === spool ? { ...each, path: STREAM } : each;
    return { ...report, sessions: report.sessions.map(named), problems: report.problems.map(named) };
  });
}

async function importFrom(store: StoreState, source: Source, options: ImportOptions): Promise<ImportReport> {
  const closing: (() => Promise<void>)[] = [];
  try {
    return await importAll(store, source, options, (close) => void closing.push(close));
  } finally {
    for (const close of closing) await close();
  }
}

async function importAll(
  store: StoreState,
  source: Source,
  options: ImportOptions,
  onEnd: Asked["onEnd"],
): Promise<ImportReport> {
  const { signal } = options;
  const problems = new Problems();
  // Finding them reads their beginnings, and of some tools all they have: what changes from now on may not have been seen.
  const seenMs = Date.now();
  const { name, found } = await find(source, options, problems, onEnd);
  const imported = new ImportedFiles(store);
  const reading = new Reading();
  const looked: Looked[] = [];
  for (const session of found) {
    await giveWay();
    signal?.throwIfAborted();
    const state = stateOf(session, seenMs);
    const known = problems.has(session.files) ? undefined : imported.recall(state);
    if (known === undefined) reading.add(session);
    looked.push({ session, state, known });
  }
  const run: Run = { store, options, problems, imported, reading, found: found.length, sessions: [], messages: 0 };
  try {
    for (const each of looked) {
      signal?.throwIfAborted();
      await giveWay();
      await importNext(each, run);
      tellProgress(run);
    }
    if (options.dryRun !== true) await imported.forget((path) => printOf(path) === undefined);
  } finally {
    imported.save();
  }
  const isMarking = options.markMigrated === true && options.dryRun !== true;
  const marked = isMarking ? await mark(store, found, problems) : [];
  return { source: name, sessions: run.sessions, problems: problems.all, marked };
}

function tellProgress({ options, reading, sessions, found, messages }: Run): void {
  const { bytes, totalBytes } = reading;
  options.onProgress?.({ sessions: sessions.length, found, messages, bytes, totalBytes });
}

/** One session: what is known of it, or what is read now. What it suffers from is a problem, and the next one follows. */
async function importNext({ session, state, known }: Looked, run: Run): Promise<void> {
  const { store, options, problems, imported, reading } = run;
  const { id, path, source, files } = session;
  if (known !== undefined) {
    run.sessions.push({ id, path, status: "unchanged", ...known, added: 0, source });
    return;
  }
  reading.begin(session);
  const paths = watchPaths();
  try {
    const result = await importOne(store, session, {
      dryRun: options.dryRun ?? false,
      signal: options.signal,
      onProblem: (reason, line) => problems.tell(path, reason, line),
      onMessage: () => {
        if (++run.messages % MESSAGES_A_REPORT === 0) tellProgress(run);
      },
    });
    run.sessions.push({ ...result, source });
    const { status, messages, parts, attachments } = result;
    // A stream's file is gone the next time.
    const isThere =
      options.dryRun !== true && options.input === undefined && status !== "deleted" && status !== "alias";
    if (isThere && !problems.has(files) && paths.areAmong(files) && isAsItWas(state))
      imported.note(state, { messages, parts, attachments });
  } catch (error) {
    // What the session suffers from, or its source: the store's own troubles end the import.
    const isOfSession =
      error instanceof ArgumentError ||
      (error instanceof StoreError && (SESSION_ERRORS.has(error.code) || files.includes(error.path ?? "")));
    if (!isOfSession) throw error;
    problems.tell(path, error.message);
  } finally {
    paths.end();
    reading.end(session);
  }
}

async function find(
  source: Source,
  { path, input, id, markMigrated, signal }: ImportOptions,
  problems: Problems,
  onEnd: Asked["onEnd"],
): Promise<{ name: ImportSource | "all"; found: Found[] }> {
  const tools = await toolsFor(source, path);
  const name = source === "all" ? source : (tools[0] as (typeof tools)[number]).name;
  if (markMigrated === true && name !== "picoclaw")
    throw new ArgumentError("INVALID_ARGUMENT", "markMigrated is for picoclaw: other tools know no such name");
  if (id !== undefined && name !== "messages")
    throw new ArgumentError("INVALID_ARGUMENT", "an id is for messages: other sources name their sessions");
  const found: Found[] = [];
  const asked = { id, isStream: input !== undefined, signal, onEnd };
  for (const { name: tool, importer, path: own } of tools) {
    const look = async (): Promise<SourceSession[]> => await importer.find(own, problems.tell, asked);
    // Of several tools, one whose directory cannot be read does not stop the others.
    const sessions = source === "all" ? await toleratingLater(own, problems.tell, look, []) : await look();
    for (const session of sessions) found.push(Object.assign(session, { source: tool }));
    // Who names a tool's file takes it for a session; a directory can be empty, and so can a list.
    if (sessions.length === 0 && source !== "all" && !LISTS.has(tool) && !problems.has([own]) && kindOf(own) === "file")
      problems.tell(own, `no session of ${tool} is in it`);
    signal?.throwIfAborted();
  }
  return { name, found };
}

async function importOne(
  store: StoreState,
  session: SourceSession,
  options: Parameters<typeof importSession>[2],
): Promise<SessionResult> {
  if ((await session.aliasOf?.()) === undefined) return await importSession(store, session, options);
  return { id: session.id, path: session.path, status: "alias", ...NOTHING };
}

/** Renames the files of the sessions that are in the store, whole: the store is read again to find out. */
async function mark(store: StoreState, found: readonly SourceSession[], problems: Problems): Promise<string[]> {
  const whole: string[] = [];
  for (const session of found) {
    if (problems.has(session.files)) continue;
    const owner = (await session.aliasOf?.()) ?? session;
    if (await isImported(store, owner)) whole.push(...session.files);
  }
  return whole.filter((file) => !file.endsWith(".migrated")).map(markMigrated);
}
