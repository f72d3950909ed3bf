// A gemini-cli log played from its beginning: which messages there are, in the order in which they came, which line says
// most of each, and where the conversation went on from when it came. Of the messages themselves nothing is held.
import { createHash } from "node:crypto";
import { isObject } from "../base/object.ts";
import { textIn } from "./importer.ts";

/** Reads what a line says of a message. */
export type Read = () => Record<string, unknown> | undefined;

export interface Told {
  readonly id: string;
  /** The message that it follows, where that is not the one before it; null: none. */
  readonly follows: string | null | undefined;
  readonly timestamp: unknown;
  readonly line: number;
  read: Read;
  /** How much the line says that `read` reads; less than none: it is a restatement. */
  worth: number;
}

/** A line that is no message. */
export interface Aside {
  readonly timestamp: unknown;
  readonly line: number;
  readonly readRecord: Read;
  /** What names it, where it can say something else at the next import. */
  readonly name?: string;
}

/** A restatement has the words, and none of these. */
const RICH = ["toolCalls", "tokens", "thoughts", "model", "displayContent"];
const RESTATED = -1;

export class Replay {
  /** Messages and other lines, as they came. */
  readonly told: (Told | Aside)[] = [];
  /** What the log says of the session; the first time stands. */
  meta: Record<string, unknown> = {};
  readonly #byId = new Map<string, Told>();
  /** The conversation as it is now. */
  readonly #live: string[] = [];
  readonly #at = new Map<string, number>();
  /** Messages with nothing but tools' results, by what they say: a resumed session restates them under other ids. */
  readonly #results = new Map<string, string>();
  readonly #aliases = new Map<string, string>();
  #last: string | null = null;

  /** The message that the next one would follow. */
  get tip(): string | null {
    return this.#live.at(-1) ?? null;
  }

  get last(): string | null {
    return this.#last;
  }

  /** Takes a line. `readMessage` reads a message of a checkpoint in it, by its number. */
  take(value: Record<string, unknown>, line: number, read: Read, readMessage: (number: number) => Read): void {
    const { $set: set, $rewindTo: rewindTo } = value;
    if (typeof rewindTo === "string") this.#rewind(rewindTo);
    else if (isObject(set)) {
      const { messages, ...rest } = set;
      if (Array.isArray(messages)) this.#restate(messages, line, readMessage);
      this.#note(rest);
      // The time of the last change is told after every change.
      if (Object.keys(rest).some((key) => key !== "lastUpdated"))
        this.told.push({ timestamp: rest["lastUpdated"], line, readRecord: () => ({ $set: rest }) });
    } else if (textIn(value, "id") !== undefined && textIn(value, "type") !== undefined) {
      this.message(textIn(value, "id") as string, value, line, read);
    } else {
      this.#note(value);
      this.told.push({ timestamp: value["lastUpdated"] ?? value["timestamp"], line, readRecord: read });
    }
  }

  /** What a file of one value says beside its messages, which is written anew with them. */
  describe(meta: Record<string, unknown>, name: string): void {
    this.#note(meta);
    this.told.push({ timestamp: meta["startTime"], line: 1, readRecord: () => meta, name });
  }

  /** A message, new or anew: it keeps its place, and the line that says most of it stands for it. */
  message(id: string, value: Record<string, unknown>, line: number, read: Read, isRestated = false): void {
    const worth = isRestated ? RESTATED : RICH.filter((key) => !isEmpty(value[key])).length;
    const known = this.#byId.get(id);
    if (known === undefined) {
      const { tip } = this;
      const follows = tip === this.#last ? undefined : tip;
      const told = { id, follows, timestamp: value["timestamp"], line, read, worth };
      this.told.push(told);
      this.#byId.set(id, told);
      this.#last = id;
      const result = resultOf(value);
      if (result !== undefined && !this.#results.has(result)) this.#results.set(result, id);
    } else if (!isRestated && worth >= known.worth) {
      known.read = read;
      known.worth = worth;
    }
    this.#revive(id);
  }

  #revive(id: string): void {
    if (this.#at.has(id)) return;
    this.#at.set(id, this.#live.length);
    this.#live.push(id);
  }

  #cut(length: number): void {
    for (const id of this.#live.splice(length)) this.#at.delete(id);
  }

  /** A message that nobody knows takes all with it. */
  #rewind(id: string): void {
    this.#cut(this.#at.get(this.#aliases.get(id) ?? id) ?? 0);
  }

  /**
   * The whole conversation, stated anew. What it has no more of the end was turned back from; of the beginning it can have
   * less, where that was summed up. What is new in it comes after the rest.
   */
  #restate(messages: readonly unknown[], line: number, readMessage: (number: number) => Read): void {
    const restated = messages.map((value) => (isObject(value) ? this.#known(value) : undefined));
    const places = restated.map((id) => (id === undefined ? undefined : this.#at.get(id)));
    const last = Math.max(-1, ...places.filter((place) => place !== undefined));
    if (last !== -1 || messages.length === 0) this.#cut(last + 1);
    for (const [number, value] of messages.entries()) {
      const id = restated[number];
      if (isObject(value) && id !== undefined) this.message(id, value, line, readMessage(number), true);
    }
  }

  /** The id of a restated message, or of the one that it restates. */
  #known(value: Record<string, unknown>): string | undefined {
    const id = textIn(value, "id");
    if (id === undefined || this.#byId.has(id)) return id;
    const alias = this.#aliases.get(id) ?? this.#results.get(resultOf(value) ?? "");
    if (alias !== undefined) this.#aliases.set(id, alias);
    return alias ?? id;
  }

  #note(meta: Record<string, unknown>): void {
    const startTime = this.meta["startTime"] ?? meta["startTime"];
    this.meta = { ...this.meta, ...meta, ...(startTime !== undefined && { startTime }) };
  }
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

/** What a message says that has nothing but tools' results. */
function resultOf({ content }: Record<string, unknown>): string | undefined {
  const isResult = (part: unknown): boolean => isObject(part) && "functionResponse" in part;
  if (!Array.isArray(content) || content.length === 0 || !content.every(isResult)) return undefined;
  return createHash("sha256").update(JSON.stringify(content)).digest("base64");
}
