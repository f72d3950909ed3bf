// Messages without ids: each is told by its content, and by where it stands among others. Names are given so that the
// same history, seen again, longer, or with its beginning gone, gets the same names for the same messages.
import { createHash } from "node:crypto";
import { canonical } from "../line/canonical.ts";

/** What tells a message: its content, and its time if it has one (a migration gives those without one its own). */
export interface Trait {
  readonly content: string;
  readonly time: string;
}

export function traitOf({ created_at: time, ...content }: Record<string, unknown>): Trait {
  return { content: hash(canonical(content), 16), time: typeof time === "string" ? hash(time, 8) : "" };
}

/** Where in `earlier` the messages of `later` begin: the longest end of `earlier` that `later` begins with. */
export function align(earlier: readonly Trait[], later: readonly Trait[]): number {
  let start = 0;
  while (start < earlier.length && !overlaps(earlier, start, later)) start++;
  return start;
}

/** True if `all` begins with `beginning`. */
export function startsWith(all: readonly Trait[], beginning: readonly Trait[]): boolean {
  return beginning.length <= all.length && beginning.every((each, at) => isSame(each, all[at] as Trait));
}

/** True where one goes on as the other does, until one of them ends. */
function overlaps(earlier: readonly Trait[], start: number, later: readonly Trait[]): boolean {
  const length = Math.min(earlier.length - start, later.length);
  for (let at = 0; at < length; at++) {
    if (!isSame(earlier[start + at] as Trait, later[at] as Trait)) return false;
  }
  return length > 0;
}

function isSame(earlier: Trait, later: Trait): boolean {
  return earlier.content === later.content && (earlier.time === "" || earlier.time === later.time);
}

/** Gives names that are not known yet: `content[-time]`, and `.2`, `.3` for those that are said again. */
export function namer(known: readonly string[]): (trait: Trait) => string {
  const used = new Set(known);
  const next = new Map<string, number>();
  return ({ content, time }) => {
    const base = time === "" ? content : `${content}-${time}`;
    let name = base;
    let number = next.get(base) ?? 2;
    for (; used.has(name); number++) name = `${base}.${number}`;
    next.set(base, number);
    used.add(name);
    return name;
  };
}

/** What a name that was given earlier says of its message. */
export function traitOfName(name: string): Trait {
  const [content = "", time = ""] = (name.split(".")[0] as string).split("-");
  return { content, time };
}

function hash(text: string, length: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, length);
}
