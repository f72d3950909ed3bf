// Parts that are written version after version while they grow, as tokens come in. The first version is written at once;
// of those that follow only the latest is, a quarter of a second later, or when it has grown by much. So a part costs
// about its final text, and not its history. What a crash may lose is that quarter of a second.
import type { Receipt } from "../../base/entry.ts";
import { ArgumentError } from "../../base/errors.ts";
import { commit } from "./commit.ts";
import { putPart } from "./operations.ts";
import type { Prepared } from "./prepare.ts";
import type { SessionState } from "../session-state.ts";

const FLUSH_MS = 250;
const GROWN_CHARACTERS = 64 * 1024;

interface PartStream {
  readonly messageId: string;
  /** The first version is written. */
  readonly begun: Promise<Receipt>;
  /** The length of what is written. */
  written: number;
  /** What is not. */
  latest: Prepared | undefined;
  /** Why a version could not be written that nobody waited for. */
  error: unknown;
}

export interface PutPartOptions {
  /**
   * False: more versions of this part are to come, as while its text grows token by token. The first one is written at once;
   * of those after it the latest, within 250 ms, or when it has grown by 64 KB, or before any other call on this session,
   * or at close(). The promise does not wait for that: a crash, or an end of the process without close(), may lose the
   * last 250 ms of the text. What could not be written, the next call for the part throws. True, or nothing: this version
   * is written now, as by any other call.
   */
  final?: boolean | undefined;
}

/** Those of a session, made for the first one. */
export function streamsOf(session: SessionState): PartStreams {
  session.streams ??= new PartStreams(session);
  return session.streams;
}

export class PartStreams {
  readonly #session: SessionState;
  readonly #streams = new Map<string, PartStream>();
  #timer: NodeJS.Timeout | undefined;

  constructor(session: SessionState) {
    this.#session = session;
  }

  get isIdle(): boolean {
    return this.#streams.size === 0;
  }

  /** A version that is not the last: resolves before it is safe, but for the first one. */
  async put(messageId: string, prepared: Prepared): Promise<Receipt> {
    if (!prepared.isNamed)
      throw new ArgumentError("INVALID_ARGUMENT", "a part of which more is to come needs an id of its own");
    const key = keyOf(messageId, prepared.id);
    const stream = this.#streams.get(key);
    if (stream === undefined) return await this.#begin(key, messageId, prepared);
    if (stream.error !== undefined) {
      this.#streams.delete(key);
      throw stream.error;
    }
    stream.latest = prepared;
    if (prepared.json.length - stream.written >= GROWN_CHARACTERS) this.flush();
    else this.#schedule();
    return await stream.begun;
  }

  /** The last version is about to be written: what waits of this part is older. Throws what an earlier one failed with. */
  end(messageId: string, partId: string): void {
    const key = keyOf(messageId, partId);
    const error = this.#streams.get(key)?.error;
    this.#streams.delete(key);
    if (error !== undefined) throw error;
  }

  /** Writes all that waits, ahead of whatever is asked of the session next. */
  flush(): void {
    for (const stream of this.#streams.values()) {
      const { latest, messageId } = stream;
      if (latest === undefined) continue;
      stream.latest = undefined;
      stream.written = latest.json.length;
      this.#write(messageId, latest).catch((error: unknown) => {
        // Whoever asks next for this part is told; and if nobody does, it is told all the same.
        stream.error = error;
        const { id, store } = this.#session;
        const message = `a version of a part of message ${JSON.stringify(messageId)} could not be written`;
        store.warn({ code: "lost", message, session: id, cause: error });
      });
    }
  }

  async #begin(key: string, messageId: string, prepared: Prepared): Promise<Receipt> {
    const begun = this.#write(messageId, prepared);
    this.#streams.set(key, { messageId, begun, written: prepared.json.length, latest: undefined, error: undefined });
    try {
      return await begun;
    } catch (error) {
      this.#streams.delete(key);
      throw error;
    } finally {
      this.#schedule();
    }
  }

  async #write(messageId: string, prepared: Prepared): Promise<Receipt> {
    return await commit(this.#session, {}, (tx) => putPart(tx, messageId, prepared), [prepared]);
  }

  /** Parts of which nothing came for a while are no streams any more. */
  #schedule(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      for (const [key, { latest, error }] of this.#streams)
        if (latest === undefined && error === undefined) this.#streams.delete(key);
      this.flush();
      if (!this.isIdle) this.#schedule();
    }, FLUSH_MS).unref();
  }
}

function keyOf(messageId: string, partId: string): string {
  return `${messageId}\0${partId}`;
}
