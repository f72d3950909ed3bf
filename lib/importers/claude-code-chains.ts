// Lines of a transcript name the line that they follow. Old versions of Claude Code wrote a subagent's lines into the file of the
// session that it worked for: a chain of their own, from its first line on.
import { textIn } from "./importer.ts";
import type { RawRecord } from "./claude-code-records.ts";

type Where = RawRecord["where"];

/** No message. */
const NONE = -1;

export class Chains {
  readonly #root: string | undefined;
  readonly #roots: ReadonlySet<string>;
  /** Lines with a uuid, by numbers: where each stands, and the number of the message that it is of, or follows. There are very many. */
  readonly #numbers = new Map<string, number>();
  readonly #offsets: number[] = [];
  readonly #lengths: number[] = [];
  readonly #messageOf: number[] = [];
  /** What stands in no file of lines, and further lines that have a uuid, too, and say something else. */
  readonly #others = new Map<number, Where[]>();
  /** The messages, and the numbers of those that they follow. */
  readonly #messages: string[] = [];
  readonly #parents: number[] = [];
  /** The first line of the subagent that a line is of. */
  readonly #rootOf = new Map<string, string>();

  /** `root`: of the subagent that is meant; undefined: whoever is none of the `roots`. */
  constructor(root: string | undefined, roots: ReadonlySet<string>) {
    this.#root = root;
    this.#roots = roots;
  }

  /** True for a line of the session that is meant. */
  isHere(value: Record<string, unknown>): boolean {
    if (this.#roots.size === 0) return true;
    const root = isSidechain(value) ? noteRoot(value, this.#rootOf) : undefined;
    if (this.#root !== undefined) return root === this.#root;
    return root === undefined || !this.#roots.has(root);
  }

  /** A message comes; it follows the one before it, unless `follows` is another one. */
  begin(message: string, follows: string | undefined): void {
    const parent = follows === undefined ? this.#messages.length - 1 : this.#messages.lastIndexOf(follows);
    this.#messages.push(message);
    this.#parents.push(parent);
  }

  /** A line of the message that came last. */
  addOwn(uuid: string, where: Where): void {
    this.#add(uuid, where, this.#messages.length - 1);
  }

  /** A line between them. */
  addOther(uuid: string, where: Where, parent: string | undefined): void {
    this.#add(uuid, where, this.#numberOfMessage(parent));
  }

  #add(uuid: string, where: Where, message: number): void {
    const known = this.#numbers.get(uuid);
    const number = known ?? this.#offsets.length;
    if (known === undefined) {
      this.#numbers.set(uuid, number);
      this.#offsets.push(typeof where === "string" ? NONE : where.offset);
      this.#lengths.push(typeof where === "string" ? NONE : where.length);
    }
    this.#messageOf[number] = message;
    if (known !== undefined || typeof where === "string")
      this.#others.set(number, [...(this.#others.get(number) ?? []), where]);
  }

  /** Where lines with this uuid stand; undefined: there is none. */
  places(uuid: string): readonly Where[] | undefined {
    const number = this.#numbers.get(uuid);
    if (number === undefined) return undefined;
    const others = this.#others.get(number) ?? [];
    const [offset, length] = [this.#offsets[number] as number, this.#lengths[number] as number];
    return offset === NONE ? others : [{ offset, length }, ...others];
  }

  /** The message that the line is of, or follows. */
  messageOf(uuid: string): string | undefined {
    return this.#messages[this.#numberOfMessage(uuid)];
  }

  #numberOfMessage(uuid: string | undefined): number {
    const number = uuid === undefined ? undefined : this.#numbers.get(uuid);
    return number === undefined ? NONE : (this.#messageOf[number] as number);
  }

  /** True if that message is none of those that the last one goes on from. */
  isLeft(uuid: string): boolean {
    const left = this.#numberOfMessage(uuid);
    if (left === NONE) return false;
    let number = this.#messages.length - 1;
    while (number > left) number = this.#parents[number] as number;
    return number !== left;
  }
}

export function isSidechain(value: Record<string, unknown>): boolean {
  return value["isSidechain"] === true;
}

/** -> the first line of the chain that this one goes on with, or itself */
export function noteRoot(value: Record<string, unknown>, rootOf: Map<string, string>): string | undefined {
  const uuid = textIn(value, "uuid");
  const root = rootOf.get(textIn(value, "parentUuid") ?? "") ?? uuid;
  if (uuid !== undefined && root !== undefined) rootOf.set(uuid, root);
  return root;
}
