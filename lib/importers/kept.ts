// Lines of a source that are no messages: settings, counts, events. They are kept word for word, as parts of the message
// that they came after, or of the first one, so that a later import can make more of them.
import { createHash } from "node:crypto";
import type { FoundPart } from "../store/import/import.ts";
import type { ReadyJson } from "../store/write/prepare.ts";

export interface KeptLine {
  readonly record: object;
  /** The record as JSON, where it is taken as it stands. */
  readonly json?: ReadyJson | undefined;
  readonly ms: number;
  readonly line?: number;
  /** What names it, where that is not all of it. */
  readonly name?: unknown;
  /** The name that it has. */
  readonly id?: string | undefined;
}

const NONE: readonly FoundPart[] = [];

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
  keep(kept: KeptLine, owner?: string): readonly FoundPart[] {
    if (this.#owner !== undefined) return [this.#part(kept, owner ?? this.#owner, false)];
    this.#waiting.push(kept);
    return NONE;
  }

  /** The message that was just told of. */
  goOnFrom(message: string): readonly FoundPart[] {
    if (message === this.#owner) return NONE;
    this.#owner = message;
    this.#said.clear();
    return this.#waiting.splice(0).map((kept) => this.#part(kept, message, true));
  }

  #part({ record, json, ms, line, name, id: given }: KeptLine, owner: string, before: boolean): FoundPart {
    const hash = given ?? hashOf(name ?? record);
    const number = (this.#said.get(hash) ?? 0) + 1;
    this.#said.set(hash, number);
    const id = number === 1 ? hash : `${hash}.${number}`;
    const data = { type: "record", ...(before && { before }), record };
    const start = before ? '{"type":"record","before":true,"record":' : '{"type":"record","record":';
    const ready = json && { text: `${start}${json.text}}`, longest: json.longest };
    return { type: "part", message: { id: owner }, id, ms, ...(line !== undefined && { line }), data, json: ready };
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
