// What the messages of a conversation are called, so that each is known again at the next import. One with an id is called by it.
// One without is called by what it says and by what came before it: so a conversation that grew keeps its names, and one that was
// answered anew from some message on has others from there, although the same is said again further on.
import { createHash } from "node:crypto";
import { textIn } from "./importer.ts";

const HALF = 12;
/** Who says the same in every conversation, or tells the model what it has forgotten. */
const PREFACES: ReadonlySet<unknown> = new Set(["system", "developer"]);

type Message = Record<string, unknown>;

export class Thread {
  readonly #known: readonly string[];
  readonly #isKnown: ReadonlySet<string>;
  /** The name of the message before. */
  #last = "";
  #isBegun = false;
  /** How long the last version of each was that has an id. */
  readonly #lengths = new Map<string, number>();

  constructor(known: readonly string[]) {
    this.#known = known;
    this.#isKnown = new Set(known);
  }

  /** True if an import has brought it. */
  isKnown(name: string): boolean {
    return this.#isKnown.has(name);
  }

  /** The name of the next message. `after`: the one that comes after it. */
  name(message: Message, after: Message | undefined): string {
    const id = idOf(message);
    const name = id === undefined ? this.#nameOf(message, after) : this.#versionOf(id, message);
    if (!PREFACES.has(message["role"])) this.#isBegun = true;
    this.#last = name;
    return name;
  }

  #nameOf(message: Message, after: Message | undefined): string {
    const name = nameAfter(this.#last, message);
    if (this.#isBegun || this.#isKnown.has(name) || PREFACES.has(message["role"])) return name;
    return this.#goneOnWith(message, after) ?? name;
  }

  /** Who keeps only the end of a conversation goes on with one that is known as a whole: two in a row tell. */
  #goneOnWith(message: Message, after: Message | undefined): string | undefined {
    if (this.#known.length === 0 || after === undefined) return undefined;
    const said = hashOf(message);
    return this.#known.findLast((name) => name.startsWith(said) && this.#isKnown.has(nameAfter(name, after)));
  }

  /** What says no less under the same id is its newer version; what says less is told beside it. */
  #versionOf(id: string, message: Message): string {
    const { length } = JSON.stringify(message);
    let name = id;
    for (let number = 2; length < (this.#lengths.get(name) ?? 0); number++) name = `${id}.${number}`;
    this.#lengths.set(name, length);
    return name;
  }
}

/** Undefined: it has none. */
export function idOf(message: Message): string | undefined {
  const { id } = message;
  return typeof id === "number" ? String(id) : textIn(message, "id");
}

/** What a name begins with that was given to a message by what it says. */
export function hashOf(message: Message): string {
  return digest(JSON.stringify(message));
}

function nameAfter(last: string, message: Message): string {
  const id = idOf(message);
  if (id !== undefined) return id;
  const said = hashOf(message);
  return said + digest(`${last} ${said}`);
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, HALF);
}
