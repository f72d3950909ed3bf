// Where an import's lines go: into a log that appears whole, onto the end of this machine's log, or nowhere.
import type { Aside } from "../../disk/aside.ts";
import { FORMAT } from "../../line/codec.ts";
import { LineBuffer } from "../../line/encode.ts";
import type { Draft } from "../../line/encode.ts";
import { clampMs, nextStamp } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import type { LogWriter } from "../../log/writer.ts";
import { checkWritable } from "../write/commit.ts";
import { createLog } from "../write/create.ts";
import type { ImportState } from "./import-state.ts";
import type { SessionState } from "../session-state.ts";

/** So much is gathered before it is written. */
const CHUNK_CHARACTERS = 512 * 1024;

export class ImportSink {
  /** Lines that were added. */
  count = 0;
  readonly #session: SessionState;
  readonly #state: ImportState;
  readonly #writer: string;
  #drafts: Draft[] = [];
  #characters = 0;
  /** Writes what was gathered. */
  #write: (drafts: readonly Draft[]) => void = () => undefined;

  constructor(session: SessionState, state: ImportState, writer: string) {
    this.#session = session;
    this.#state = state;
    this.#writer = writer;
  }

  /** Gives the line its stamp: its time, or the next one after the line before it. `digest`: of its JSON, if that is known. */
  add(ms: number, line: Omit<Draft, "stamp">, digest?: string): Stamp {
    this.count++;
    const stamp = this.#gather(ms, line, digest);
    if (this.#characters >= CHUNK_CHARACTERS) this.#flush();
    return stamp;
  }

  /** Runs `take`, whose lines become a new log. If we crash in here, there is no log, or all of it. */
  async create<T>(createdMs: number, take: () => Promise<T>): Promise<T> {
    const session = this.#session;
    checkWritable(session);
    const begun = session.fold?.first ?? { ms: clampMs(createdMs), counter: 0, writer: this.#writer };
    let result: T | undefined;
    session.forget();
    await createLog(session, begun, async (aside) => {
      this.#write = (drafts) => writeAside(aside, drafts);
      this.#gather(
        createdMs,
        { type: "session", id: session.id, json: JSON.stringify({ format: FORMAT }) },
        undefined,
        false,
      );
      result = await take();
      this.#flush();
    });
    await this.#written(session.writer);
    return result as T;
  }

  /**
   * Runs `take`, whose lines are appended chunk by chunk. If we crash in here, the lines until then stand, and the next
   * import goes on after them.
   */
  async append<T>(writer: LogWriter, take: () => Promise<T>): Promise<T> {
    const session = this.#session;
    checkWritable(session);
    this.#write = (drafts) => {
      session.lease?.check();
      session.forget();
      try {
        writer.append({
          encodeInto(buffer) {
            for (const draft of drafts) buffer.add(draft);
          },
        });
      } catch (error) {
        session.startAnew();
        throw error;
      }
    };
    try {
      return await take();
    } finally {
      this.#flush();
      await this.#written(writer);
    }
  }

  async #written(writer: LogWriter | undefined): Promise<void> {
    if (this.count === 0 || writer === undefined) return;
    const { store } = this.#session;
    store.background.addWriter(writer);
    if (store.settings.durability === "power") await writer.sync();
  }

  /** A header that another machine has written already is the same line: it counts once. */
  #gather(ms: number, line: Omit<Draft, "stamp">, digest?: string, isAfterLast = true): Stamp {
    const last: Stamp | undefined = isAfterLast ? this.#state.last : undefined;
    const draft: Draft = { stamp: nextStamp(last, clampMs(ms), this.#writer), ...line };
    this.#drafts.push(draft);
    this.#characters += draft.json?.length ?? 0;
    this.#state.add(draft, digest);
    return draft.stamp;
  }

  #flush(): void {
    const drafts = this.#drafts;
    this.#drafts = [];
    this.#characters = 0;
    if (drafts.length > 0) this.#write(drafts);
  }
}

function writeAside(aside: Aside, drafts: readonly Draft[]): void {
  const lines = new LineBuffer();
  for (const draft of drafts) lines.add(draft);
  aside.write(lines.bytes.subarray(0, lines.length));
}
