// One export from beginning to end: the JSON array of sessions, one message after the other, so that memory is bounded by
// the longest of them.
import { ArgumentError, ioError, StoreError } from "../base/errors.ts";
import type { ExportOptions, ExportProblem, ExportReport, ExportTarget } from "../base/export.ts";
import { checkOptions } from "../base/options.ts";
import type { SessionInfo } from "../base/session-info.ts";
import { get, ids } from "../store/list.ts";
import { messages } from "../store/read.ts";
import type { StoreState } from "../store/state.ts";
import { writeTo } from "./target.ts";

/** So many messages pass between two reports of progress. */
const MESSAGES_A_REPORT = 1000;
/** What one session suffers from does not stop the others. */
const SESSION_ERRORS: ReadonlySet<string> = new Set(["DAMAGED", "NEWER_FORMAT", "NOT_FOUND", "IO", "NO_ACCESS"]);

export async function runExport(
  store: StoreState,
  target: ExportTarget,
  options: ExportOptions,
): Promise<ExportReport> {
  checkOptions("exportTo", options, ["format", "ids", "signal", "onProgress"]);
  if (options.format !== "json") throw new ArgumentError("INVALID_ARGUMENT", 'exportTo: the format is "json"');
  if (options.ids !== undefined && !Array.isArray(options.ids))
    throw new ArgumentError("INVALID_ARGUMENT", "exportTo: ids are a list");
  if (!isTarget(target)) throw new ArgumentError("INVALID_ARGUMENT", "exportTo takes a path or a stream to write to");
  store.checkOpen();
  options.signal?.throwIfAborted();
  // A mistyped id makes no file.
  for (const id of options.ids ?? []) {
    if ((await get(store, id)) === undefined)
      throw new StoreError("NOT_FOUND", `no session ${JSON.stringify(id)}`, { session: id });
  }
  const run = new Export(store, options);
  await writeTo(target, run.text());
  return run.report();
}

function isTarget(target: unknown): target is ExportTarget {
  if (typeof target === "string") return target !== "";
  const { write, getWriter } = (target ?? {}) as { write?: unknown; getWriter?: unknown };
  return typeof write === "function" || typeof getWriter === "function";
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

  async *text(): AsyncGenerator<string> {
    let separator = "[\n";
    for await (const id of this.#ids()) {
      this.#options.signal?.throwIfAborted();
      const info = await get(this.#store, id);
      // It was deleted meanwhile.
      if (info === undefined) continue;
      if ("damaged" in info) {
        this.#problems.push({ id, reason: info.damaged });
        continue;
      }
      yield separator;
      separator = ",\n";
      yield* this.#session(info);
      this.#sessions++;
      this.#progress();
    }
    yield separator === "[\n" ? "[]\n" : "\n]\n";
  }

  async *#ids(): AsyncGenerator<string> {
    if (this.#options.ids === undefined) yield* ids(this.#store);
    else yield* new Set(this.#options.ids);
  }

  /** What a listing shows of it, without what is counted, and its history in place of the number of messages. */
  async *#session(info: SessionInfo): AsyncGenerator<string> {
    const {
      id,
      messages: _messages,
      bytes: _bytes,
      branches: _branches,
      machines: _machines,
      tip: _tip,
      ...rest
    } = info;
    yield `${JSON.stringify({ id, ...rest }).slice(0, -1)},"messages":[`;
    const { session, release } = this.#store.borrow(id);
    const { signal } = this.#options;
    let separator = "\n";
    let end = "";
    try {
      for await (const { parts, ...entry } of messages(session, { signal })) {
        yield separator;
        separator = ",\n";
        yield JSON.stringify(parts.length > 0 ? { ...entry, parts } : entry);
        if (++this.#messages % MESSAGES_A_REPORT === 0) this.#progress();
      }
    } catch (error) {
      if (!(error instanceof StoreError) || !SESSION_ERRORS.has(error.code)) throw error;
      const reason = ioError(error, "read the session").message;
      this.#problems.push({ id, reason });
      end = `,"damaged":${JSON.stringify(reason)}`;
    } finally {
      release();
    }
    yield `${separator === "\n" ? "" : "\n"}]${end}}`;
  }

  #progress(): void {
    this.#options.onProgress?.({ sessions: this.#sessions, messages: this.#messages });
  }
}
