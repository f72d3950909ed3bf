// A session's title, project and so on: each key has the value that was set last.
import type { LineHead } from "./decode.ts";
import { compareStamps } from "./stamp.ts";
import type { Stamp } from "./stamp.ts";

export interface SavedInfo {
  /** A key, its value, and the number of the line that set it. */
  readonly entries: readonly (readonly [key: string, value: unknown, line: number])[];
  /** The bytes of each of these lines. */
  readonly bytes: readonly number[];
}

interface Entry {
  readonly value: unknown;
  readonly line: InfoLine;
}

/** The line that set a key, one object for all keys that it set. The stamp of one that was saved is not kept. */
interface InfoLine {
  readonly stamp: Stamp | undefined;
  bytes: number;
}

export class InfoFold {
  readonly #entries = new Map<string, Entry>();

  constructor(saved?: SavedInfo) {
    const lines = saved?.bytes.map((bytes) => ({ stamp: undefined, bytes })) ?? [];
    for (const [key, value, line] of saved?.entries ?? [])
      this.#entries.set(key, { value, line: lines[line] as InfoLine });
  }

  save(): SavedInfo {
    const numbers = new Map<InfoLine, number>();
    for (const line of this.#lines()) numbers.set(line, numbers.size);
    const entries = Array.from(
      this.#entries,
      ([key, { value, line }]) => [key, value, numbers.get(line) as number] as const,
    );
    return { entries, bytes: Array.from(numbers.keys(), ({ bytes }) => bytes) };
  }

  apply(patch: unknown, { stamp, length }: Pick<LineHead, "stamp" | "length">): void {
    if (patch === null || typeof patch !== "object" || Array.isArray(patch)) return;
    const entries = new Map<string, unknown>(Object.entries(patch));
    if (this.keepsTitle(entries)) {
      entries.delete("title");
      entries.delete("titleSource");
    }
    const line = { stamp, bytes: length + 1 };
    for (const [key, value] of entries) this.#entries.set(key, { value, line });
  }

  /** A line is longer than was known when it was applied. */
  lengthen(stamp: Stamp, more: number): void {
    for (const line of this.#lines())
      if (line.stamp !== undefined && compareStamps(line.stamp, stamp) === 0) line.bytes += more;
  }

  /** A user's title beats an automatic one, until the user clears it. */
  keepsTitle(patch: ReadonlyMap<string, unknown>): boolean {
    return patch.get("titleSource") === "auto" && this.get("titleSource") === "user" && this.get("title") !== undefined;
  }

  /** What stands; a cleared key is undefined. */
  get(key: string): unknown {
    return this.#entries.get(key)?.value ?? undefined;
  }

  /** All keys that were ever set, cleared ones among them. */
  keys(): string[] {
    return [...this.#entries.keys()];
  }

  entries(): [string, unknown][] {
    const all = Array.from(this.#entries, ([key, { value }]): [string, unknown] => [key, value]);
    return all.filter(([, value]) => value !== null);
  }

  /** The bytes of the lines that set what stands, or cleared it. */
  get liveBytes(): number {
    let bytes = 0;
    for (const line of this.#lines()) bytes += line.bytes;
    return bytes;
  }

  #lines(): Set<InfoLine> {
    return new Set(Array.from(this.#entries.values(), ({ line }) => line));
  }
}

/** A patch that sets nothing. */
export function isClearing(patch: unknown): boolean {
  return typeof patch === "object" && patch !== null && Object.values(patch).every((value) => value === null);
}
