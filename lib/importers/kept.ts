// Lines of a source that are no messages: settings, counts, events. They are kept word for word, as parts of the message
// that they came after, or of the first one, so that a later import can make more of them.
import { createHash } from "node:crypto";
import type { FoundPart } from "../store/import/import.ts";

export interface KeptLine {
  readonly record: object;
  readonly ms: number;
  readonly line: number;
  /** What names it, where that is not all of it. */
  readonly name?: unknown;
}

export class Kept {
  /** The message that is gone after. */
  #owner: string | undefined;
  /** What came before the first message. */
  readonly #waiting: KeptLine[] = [];
  /** How often each was said since that message. */
  readonly #said = new Map<string, number>();

  /** True if nothing was a message, so that nothing could be kept. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** `owner`: the message that it is of, if that is not the last one. */
  *keep(kept: KeptLine, owner?: string): Generator<FoundPart> {
    if (this.#owner === undefined) this.#waiting.push(kept);
    else yield this.#part(kept, owner ?? this.#owner);
  }

  /** The message that was just told of. */
  *goOnFrom(message: string): Generator<FoundPart> {
    this.#owner = message;
    this.#said.clear();
    for (const kept of this.#waiting.splice(0)) yield this.#part(kept, message);
  }

  #part({ record, ms, line, name }: KeptLine, owner: string): FoundPart {
    const hash = hashOf(name ?? record);
    const number = (this.#said.get(hash) ?? 0) + 1;
    this.#said.set(hash, number);
    const id = number === 1 ? hash : `${hash}.${number}`;
    return { type: "part", message: { id: owner }, id, ms, line, data: { type: "record", record } };
  }
}

/** Names for messages that have none, by what they say: the same at every import, `.2` and on where one says the same again. */
export class Names {
  readonly #used = new Map<string, number>();

  of(value: unknown): string {
    const hash = hashOf(value);
    const number = (this.#used.get(hash) ?? 0) + 1;
    this.#used.set(hash, number);
    return number === 1 ? hash : `${hash}.${number}`;
  }
}

function hashOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 24);
}
