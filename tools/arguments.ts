// What was typed: the verb, its options, its positionals.
import { parseArgs } from "node:util";
import { messageOf, wrongUsage } from "./exit.ts";

export interface Option {
  readonly type: "boolean" | "string";
  readonly short?: string;
  readonly multiple?: boolean;
  /** What stands for the value in the help. */
  readonly value?: string;
  readonly help: string;
}

type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

/** The options of every verb. */
export const COMMON_OPTIONS: Readonly<Record<string, Option>> = {
  store: { type: "string", value: "DIR", help: "the store's directory" },
  json: { type: "boolean", help: "data as JSON, for programs" },
  help: { type: "boolean", short: "h", help: "tell how it is used" },
  version: { type: "boolean", help: "tell the version" },
};

export class Arguments {
  readonly positionals: readonly string[];
  readonly #values: Values;

  constructor(values: Values, positionals: readonly string[]) {
    this.#values = values;
    this.positionals = positionals;
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    if (value === "") throw wrongUsage(`--${name} is empty`);
    return typeof value === "string" ? value : undefined;
  }

  list(name: string): string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
  }

  /** A whole number, at least `least`. */
  count(name: string, least: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : -1;
    if (value < least) throw wrongUsage(`--${name} takes a whole number, at least ${least}`);
    return value;
  }
}

/** Where the verb stands among the arguments; -1: there is none. */
export function verbIndex(argv: readonly string[]): number {
  const { tokens } = parseArgs({
    args: [...argv],
    options: COMMON_OPTIONS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  return tokens.find(({ kind }) => kind === "positional")?.index ?? -1;
}

/** The arguments of a verb with these options of its own. Throws a usage error for what it does not know. */
export function parse(argv: readonly string[], own: Readonly<Record<string, Option>>): Arguments {
  try {
    const options = { ...COMMON_OPTIONS, ...own };
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true });
    return new Arguments(values, positionals);
  } catch (error) {
    // The first sentence says what is wrong; the others are about parseArgs.
    const [sentence = ""] = messageOf(error).split(/\.\s/);
    throw wrongUsage(sentence.charAt(0).toLowerCase() + sentence.slice(1));
  }
}
