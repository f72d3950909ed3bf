// Where data goes. Written piece by piece, each waited for, so that a slow reader slows the command and fills no memory.
import type { Writable } from "node:stream";
import { EXIT, Failure, messageOf } from "./exit.ts";
import { withoutOrders } from "./text.ts";

export type Terminal = Writable & { isTTY?: boolean; columns?: number };

const PIECE_CHARACTERS = 64 * 1024;
const STYLES = { bold: [1, 22], dim: [2, 22], red: [31, 39], cyan: [36, 39] } as const;
type Style = keyof typeof STYLES;

/** Whoever read the output has gone: `| head` has seen enough. */
export class ClosedOutputError extends Error {}

const ignored = new WeakSet<Terminal>();

/** The write that failed tells; without a listener the process would end. One is enough, however many verbs are run. */
export function ignoreErrors(stream: Terminal): void {
  if (ignored.has(stream)) return;
  ignored.add(stream);
  stream.on("error", () => undefined);
}

export class Output {
  readonly isTerminal: boolean;
  /** The width of the terminal; undefined: it is none, or does not say. */
  readonly columns: number | undefined;
  readonly #stream: Terminal;
  readonly #hasColour: boolean;
  readonly #signal: AbortSignal;
  #pending = "";

  /** Who waits for a reader that does not read is freed by the signal. */
  constructor(stream: Terminal, env: NodeJS.ProcessEnv, signal: AbortSignal) {
    this.#stream = stream;
    this.#signal = signal;
    this.isTerminal = stream.isTTY === true;
    this.columns = this.isTerminal ? stream.columns : undefined;
    this.#hasColour = this.isTerminal && !env["NO_COLOR"] && env["TERM"] !== "dumb";
    ignoreErrors(stream);
  }

  styled(style: Style, text: string): string {
    const [on, off] = STYLES[style];
    return this.#hasColour ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  }

  /** Text that is written when enough of it has come. */
  async add(text: string): Promise<void> {
    this.#pending += text;
    if (this.#pending.length >= PIECE_CHARACTERS) await this.flush();
  }

  /** A stream for what is written elsewhere: each of its pieces is waited for. A terminal takes no orders from it. */
  sink(): WritableStream<Uint8Array> {
    const decoder = new TextDecoder();
    return new WritableStream({
      write: (bytes) => {
        const text = decoder.decode(bytes, { stream: true });
        return this.write(this.isTerminal ? withoutOrders(text) : text);
      },
    });
  }

  /** Text that is written now. */
  async write(text: string): Promise<void> {
    this.#pending += text;
    await this.flush();
  }

  async flush(): Promise<void> {
    const text = this.#pending;
    this.#pending = "";
    if (text === "") return;
    this.#signal.throwIfAborted();
    try {
      await this.#written(text);
    } catch (error) {
      if (this.#signal.aborted) throw error;
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "EPIPE" || code === "ERR_STREAM_DESTROYED") throw new ClosedOutputError("the output is closed");
      throw new Failure(EXIT.io, `could not write the output: ${messageOf(error)}`, { cause: error });
    }
  }

  #written(text: string): Promise<void> {
    const signal = this.#signal;
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(signal.reason as Error);
      signal.addEventListener("abort", stop, { once: true });
      this.#stream.write(text, (error) => {
        signal.removeEventListener("abort", stop);
        if (error) reject(error);
        else resolve();
      });
    });
  }
}
