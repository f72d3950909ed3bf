// One import from beginning to end: which tool's it is, what it has, session after session into the store.
import { ArgumentError, StoreError } from "../base/errors.ts";
import type { ImportedSession, ImportOptions, ImportProblem, ImportReport, ImportSource } from "../base/import.ts";
import { checkOptions } from "../base/options.ts";
import { importSession, isImported } from "../store/import/import.ts";
import type { SessionResult } from "../store/import/import.ts";
import type { StoreState } from "../store/state.ts";
import type { SourceSession } from "./importer.ts";
import { toleratingLater } from "./importer.ts";
import { markMigrated } from "./source.ts";
import { toolsFor } from "./tools.ts";

/** So many messages pass between two reports of progress. */
const MESSAGES_A_REPORT = 1000;
/** What one session suffers from does not stop the others. */
const SESSION_ERRORS: ReadonlySet<string> = new Set(["DAMAGED", "NEWER_FORMAT", "EXISTS"]);

export async function runImport(
  store: StoreState,
  source: ImportSource | "auto" | "all",
  options: ImportOptions,
): Promise<ImportReport> {
  checkOptions("importFrom", options, ["path", "dryRun", "markMigrated", "onProgress", "signal"]);
  store.checkOpen();
  const tools = await toolsFor(source, options.path);
  const name = source === "all" ? source : (tools[0] as (typeof tools)[number]).name;
  if (options.markMigrated === true && name !== "picoclaw") {
    throw new ArgumentError("INVALID_ARGUMENT", "markMigrated is for picoclaw: other tools know no such name");
  }
  const problems: ImportProblem[] = [];
  const told = new Set<string>();
  const onProblem = (at: string, reason: string, line?: number): void => {
    // A source may be read more than once.
    const key = JSON.stringify([at, line, reason]);
    if (!told.has(key)) problems.push({ path: at, ...(line !== undefined && { line }), reason });
    told.add(key);
  };
  const found: SourceSession[] = [];
  const toolOf = new Map<SourceSession, ImportSource>();
  for (const { name: tool, importer, path } of tools) {
    const find = async (): Promise<SourceSession[]> => await importer.find(path, onProblem);
    // Of several tools, one whose directory cannot be read does not stop the others.
    const own = source === "all" ? await toleratingLater(path, onProblem, find, []) : await find();
    for (const session of own) toolOf.set(session, tool);
    found.push(...own);
    options.signal?.throwIfAborted();
  }
  const sessions: ImportedSession[] = [];
  let messages = 0;
  const progress = (): void => options.onProgress?.({ sessions: sessions.length, found: found.length, messages });
  for (const session of found) {
    options.signal?.throwIfAborted();
    try {
      const result = await importOne(store, session, {
        dryRun: options.dryRun ?? false,
        signal: options.signal,
        onProblem: (reason, line) => onProblem(session.path, reason, line),
        onMessage: () => {
          if (++messages % MESSAGES_A_REPORT === 0) progress();
        },
      });
      sessions.push({ ...result, source: toolOf.get(session) as ImportSource });
    } catch (error) {
      // What the session suffers from, or its source: the store's own troubles end the import.
      const isOfSession =
        error instanceof ArgumentError ||
        (error instanceof StoreError && (SESSION_ERRORS.has(error.code) || session.files.includes(error.path ?? "")));
      if (!isOfSession) throw error;
      onProblem(session.path, error.message);
    }
    progress();
  }
  const isMarking = options.markMigrated === true && options.dryRun !== true;
  const marked = isMarking ? await mark(store, found, problems) : [];
  return { source: name, sessions, problems, marked };
}

async function importOne(
  store: StoreState,
  session: SourceSession,
  options: Parameters<typeof importSession>[2],
): Promise<SessionResult> {
  if ((await session.aliasOf?.()) === undefined) return await importSession(store, session, options);
  return { id: session.id, path: session.path, status: "alias", messages: 0, parts: 0, added: 0 };
}

/** Renames the files of the sessions that are in the store, whole: the store is read again to find out. */
async function mark(
  store: StoreState,
  found: readonly SourceSession[],
  problems: readonly ImportProblem[],
): Promise<string[]> {
  const troubled = new Set(problems.map(({ path }) => path));
  const whole: string[] = [];
  for (const session of found) {
    if (session.files.some((file) => troubled.has(file))) continue;
    const owner = (await session.aliasOf?.()) ?? session;
    if (await isImported(store, owner)) whole.push(...session.files);
  }
  return whole.filter((file) => !file.endsWith(".migrated")).map(markMigrated);
}
