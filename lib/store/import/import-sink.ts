// Where an import's lines go: into a log that appears whole, onto the end of this machine's log, or nowhere.
import type { VfsFile } from "../../disk/vfs.ts";
import { FORMAT } from "../../line/codec.ts";
import { LineBuffer } from "../../line/encode.ts";
import type { Draft } from "../../line/encode.ts";
import { clampMs, nextStamp } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import type { LogWriter } from "../../log/writer.ts";
import { checkWritable } from "../write/commit.ts";
import { createLog } from "../write/create.ts";
import type { ImportState } from "./import-state.ts";
import { ImportedLine } from "./imported-line.ts";
import type { SessionState } from "../session-state.ts";

/** So much is gathered before it is written. */
const CHUNK_CHARACTERS = 64 * 1024;

interface Gathered {
  readonly draft: Draft;
  readonly line: ImportedLine;
}

export class ImportSink {
  /** Lines that were added. */
  count = 0;
  readonly #session: SessionState;
  readonly #state: ImportState;
  readonly #writer: string;
  readonly #createdMs: number;
  #gathered: Gathered[] = [];
  #characters = 0;
  /** Writes what was gathered. */
  #write: (gathered: readonly Gathered[]) => void = () => undefined;

  /** `createdMs`: when the session began, in ms. */
  constructor(session: SessionState, state: ImportState, writer: string, createdMs: number) {
    this.#session = session;
    this.#state = state;
    this.#writer = writer;
    this.#createdMs = createdMs;
  }

  /** Gives the line its stamp: its time, or the next one after the line before it. */
  add(ms: number, line: Omit<Draft, "stamp">): Stamp {
    this.count++;
    // In a log that others have begun it begins where a log of its own would.
    if (this.#state.last === undefined) this.#begin();
    const stamp = this.#gather(ms, line);
    if (this.#characters >= CHUNK_CHARACTERS) this.#flush();
    return stamp;
  }

  /** Runs `take`, whose lines become a new log. If we crash in here, there is no log, or all of it. */
  async create<T>(take: () => Promise<T>): Promise<T> {
    const session = this.#session;
    checkWritable(session);
    const begun = session.fold?.first ?? { ms: clampMs(this.#createdMs), counter: 0, writer: this.#writer };
    let result: T | undefined;
    session.forget();
    await createLog(session, begun, async (aside) => {
      const lines = new LineBuffer();
      let size = 0;
      this.#write = (gathered) => {
        lines.clear();
        encodeInto(lines, size, gathered, aside.file);
        aside.write(lines.bytes.subarray(0, lines.length));
        size += lines.length;
      };
      this.#begin();
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
    this.#write = (gathered) => {
      session.lease?.check();
      session.forget();
      try {
        writer.append({
          encodeInto: (buffer, offset) => {
            const open = session.store.descriptors.get(writer.log.slot);
            this.#state.keep(open);
            encodeInto(buffer, offset, gathered, open.file);
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

  /** The header, which is the same line on every machine: it counts once. */
  #begin(): void {
    const json = JSON.stringify({ format: FORMAT });
    this.#gather(this.#createdMs, { type: "session", id: this.#session.id, json }, false);
  }

  #gather(ms: number, line: Omit<Draft, "stamp">, isAfterLast = true): Stamp {
    const last: Stamp | undefined = isAfterLast ? this.#state.last : undefined;
    const draft: Draft = { stamp: nextStamp(last, clampMs(ms), this.#writer), ...line };
    this.#gathered.push({ draft, line: this.#state.add(draft, new ImportedLine(draft.stamp, draft.json)) });
    this.#characters += draft.json?.length ?? 0;
    return draft.stamp;
  }

  #flush(): void {
    const gathered = this.#gathered;
    this.#gathered = [];
    this.#characters = 0;
    if (gathered.length > 0) this.#write(gathered);
  }
}

/** `offset`: where the first of them will lie in the file. */
function encodeInto(buffer: LineBuffer, offset: number, gathered: readonly Gathered[], file: VfsFile): void {
  const start = buffer.length;
  for (const { draft, line } of gathered) {
    const at = offset + buffer.length - start;
    line.isAt(file, at, buffer.add(draft));
  }
}
