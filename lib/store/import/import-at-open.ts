// What a store imports by itself: a moment after it was opened, and at once where somebody waits for it. What fails is a warning, and
// what was imported until the store closes stays.
import { Stop } from "../../base/stop.ts";
import { resolve } from "node:path";
import type { ImportOptions, ImportReport, ImportRequest } from "../../base/import.ts";
import type { StoreState } from "../state.ts";

/** Who opens a store wants something else first. */
const DELAY_MS = 500;

type Run = (source: ImportRequest["source"], options: ImportOptions) => Promise<ImportReport>;

export class ImportAtOpen {
  readonly #store: StoreState;
  readonly #requests: readonly ImportRequest[];
  readonly #run: Run;
  readonly #stop = new Stop();
  readonly #timer: NodeJS.Timeout;
  #running: Promise<readonly ImportReport[]> | undefined;

  constructor(store: StoreState, requests: readonly ImportRequest[], run: Run) {
    this.#store = store;
    // Who opens the store may go to another directory before it begins.
    this.#requests = requests.map(({ source, path }) => ({ source, path: path === undefined ? path : resolve(path) }));
    this.#run = run;
    this.#timer = setTimeout(() => void this.done(), DELAY_MS).unref();
  }

  /** What came in: resolves when all of it has, or the store closes. Never rejects. */
  done(): Promise<readonly ImportReport[]> {
    this.#running ??= this.#runAll();
    return this.#running;
  }

  /** Ends it between two messages. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#stop.stop();
    await this.#running;
  }

  async #runAll(): Promise<ImportReport[]> {
    clearTimeout(this.#timer);
    const reports: ImportReport[] = [];
    for (const { source, path } of this.#requests) {
      const { signal } = this.#stop;
      if (signal.aborted) break;
      try {
        const report = await this.#run(source, { path, signal });
        reports.push(report);
        this.#tell(report, path);
      } catch (cause) {
        if (!signal.aborted) this.#failed(source, path, cause);
      }
    }
    return reports;
  }

  #tell(report: ImportReport, path: string | undefined): void {
    const { problems, source } = report;
    const [first] = problems;
    if (first !== undefined) {
      const place = `${first.path}${first.line === undefined ? "" : `:${first.line}`}`;
      const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
      this.#warn(`not all of ${source} could be imported: ${place}: ${first.reason}${more}`, path);
    }
    this.#store.events.emit("imported", report);
  }

  #failed(source: string, path: string | undefined, cause: unknown): void {
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.#warn(`${source} could not be imported; it is tried again at the next open: ${reason}`, path, cause);
  }

  #warn(message: string, path: string | undefined, cause?: unknown): void {
    this.#store.warn({ code: "import", message, path, cause });
  }
}
