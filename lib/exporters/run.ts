// One export from beginning to end: session after session, message after message, so that memory is bounded by the longest
// message. How it looks is the exporter's part, where it goes the target's.
import { ArgumentError, ioError, StoreError } from "../base/errors.ts";
import type { ExportFormat, ExportOptions, ExportProblem, ExportReport, ExportTarget } from "../base/export.ts";
import { checkOptions } from "../base/options.ts";
import type { SessionInfo } from "../base/session-info.ts";
import { get, ids } from "../store/list/list.ts";
import { messages } from "../store/read/read.ts";
import { readTree } from "../store/read/read-tree.ts";
import type { SessionState } from "../store/session-state.ts";
import type { StoreState } from "../store/state.ts";
import type { Exporter, OutgoingSession } from "./exporter.ts";
import { folderAt, isDirectory, writeTo } from "./target.ts";

/** So many messages pass between two reports of progress. */
const MESSAGES_A_REPORT = 1000;
/** What one session suffers from does not stop the others. */
const SESSION_ERRORS: ReadonlySet<string> = new Set(["DAMAGED", "NEWER_FORMAT", "NOT_FOUND", "IO", "NO_ACCESS"]);

/** Loaded with their first use. */
const EXPORTERS: Readonly<Record<ExportFormat, () => Promise<Exporter>>> = {
  json: async () => (await import("./json.ts")).json,
  ndjson: async () => (await import("./ndjson.ts")).ndjson,
  markdown: async () => (await import("./markdown.ts")).markdown,
  html: async () => (await import("./html.ts")).html,
  "claude-code": async () => (await import("./claude-code.ts")).claudeCode,
  picoclaw: async () => (await import("./picoclaw.ts")).picoclaw,
};

export async function runExport(
  store: StoreState,
  target: ExportTarget,
  options: ExportOptions,
): Promise<ExportReport> {
  checkOptions("exportTo", options, ["format", "ids", "signal", "onProgress"]);
  const { format } = options;
  if (!Object.hasOwn(EXPORTERS, format)) {
    const known = Object.keys(EXPORTERS).join(", ");
    throw new ArgumentError("INVALID_ARGUMENT", `exportTo: unknown format ${JSON.stringify(format)} (known: ${known})`);
  }
  if (options.ids !== undefined && !Array.isArray(options.ids))
    throw new ArgumentError("INVALID_ARGUMENT", "exportTo: ids are a list");
  if (!isTarget(target)) throw new ArgumentError("INVALID_ARGUMENT", "exportTo takes a path or a stream to write to");
  store.checkOpen();
  options.signal?.throwIfAborted();
  const exporter = await EXPORTERS[format]();
  const isFolder = await takesFolder(target, exporter, options);
  // A mistyped id makes no file.
  for (const id of options.ids ?? []) {
    if ((await get(store, id)) === undefined)
      throw new StoreError("NOT_FOUND", `no session ${JSON.stringify(id)}`, { session: id });
  }
  const run = new Export(store, options);
  if (isFolder) await exporter.into?.(folderAt(target as string, options.signal), run.sessions());
  else await writeTo(target, run.text(exporter), options.signal);
  return run.report();
}

function isTarget(target: unknown): target is ExportTarget {
  if (typeof target === "string") return target !== "";
  const { write, getWriter } = (target ?? {}) as { write?: unknown; getWriter?: unknown };
  return typeof write === "function" || typeof getWriter === "function";
}

/** True: a directory is made of it, or filled. Throws where the format cannot be written so. */
async function takesFolder(target: ExportTarget, exporter: Exporter, { format, ids }: ExportOptions): Promise<boolean> {
  const isText = exporter.all !== undefined || exporter.one !== undefined;
  if (exporter.into !== undefined && typeof target === "string") {
    if (!isText || !target.toLowerCase().endsWith(exporter.ending) || (await isDirectory(target))) return true;
  }
  if (!isText) throw new ArgumentError("INVALID_ARGUMENT", `exportTo: ${format} is written to a directory`);
  if (exporter.all === undefined && (ids === undefined || new Set(ids).size !== 1)) {
    throw new ArgumentError(
      "INVALID_ARGUMENT",
      `exportTo: ${format} is a file for each session: name one in ids, or a directory to write them to`,
    );
  }
  return false;
}

class Export {
  readonly #store: StoreState;
  readonly #options: ExportOptions;
  readonly #problems: ExportProblem[] = [];
  #sessions = 0;
  #messages = 0;

  constructor(store: StoreState, options: ExportOptions) {
    this.#store = store;
    this.#options = options;
  }

  report(): ExportReport {
    return { sessions: this.#sessions, messages: this.#messages, problems: this.#problems };
  }

  async *text(exporter: Exporter): AsyncGenerator<string> {
    if (exporter.all !== undefined) yield* exporter.all(this.sessions());
    else for await (const session of this.sessions()) yield* exporter.one?.(session) ?? [];
  }

  async *sessions(): AsyncGenerator<OutgoingSession> {
    for await (const id of this.#ids()) {
      this.#options.signal?.throwIfAborted();
      const info = await get(this.#store, id);
      // It was deleted meanwhile.
      if (info === undefined) continue;
      if ("damaged" in info) {
        this.#problems.push({ id, reason: info.damaged });
        continue;
      }
      let isWritten = true;
      yield this.#outgoing(info, (reason, isSo) => {
        isWritten &&= isSo;
        this.#problems.push({ id, reason });
      });
      if (isWritten) this.#sessions++;
      this.#progress();
    }
  }

  async *#ids(): AsyncGenerator<string> {
    if (this.#options.ids === undefined) yield* ids(this.#store);
    else yield* new Set(this.#options.ids);
  }

  #outgoing(info: SessionInfo, tell: OutgoingSession["tell"]): OutgoingSession {
    const { signal } = this.#options;
    const outgoing: { -readonly [K in keyof OutgoingSession]: OutgoingSession[K] } = {
      info,
      tell,
      damaged: undefined,
      messages: (blobs) => read((session) => messages(session, { signal, blobs })),
      tree: () => read((session) => readTree(session, signal)),
    };
    const read = <T>(from: (session: SessionState) => AsyncIterable<T>): AsyncGenerator<T> =>
      this.#read(info.id, from, (reason) => {
        outgoing.damaged = reason;
        tell(reason, true);
      });
    return outgoing;
  }

  /** What cannot be read is told of, and ends it. */
  async *#read<T>(
    id: string,
    from: (session: SessionState) => AsyncIterable<T>,
    onDamage: (reason: string) => void,
  ): AsyncGenerator<T> {
    const { session, release } = this.#store.borrow(id);
    try {
      for await (const item of from(session)) {
        yield item;
        if (++this.#messages % MESSAGES_A_REPORT === 0) this.#progress();
      }
    } catch (error) {
      if (!(error instanceof StoreError) || !SESSION_ERRORS.has(error.code)) throw error;
      onDamage(ioError(error, "read the session").message);
    } finally {
      release();
    }
  }

  #progress(): void {
    this.#options.onProgress?.({ sessions: this.#sessions, messages: this.#messages });
  }
}
