// Which `info` lines of a log are needed, whatever other logs say: those that a later one of this log does not make up for.
import { InfoFold } from "./info.ts";
import type { LineHead } from "./decode.ts";

const TITLE_KEYS: ReadonlySet<string> = new Set(["title", "titleSource"]);

export class InfoLines {
  /** The number of the newest line for each key; for those of the title, for each form that a patch of it may have. */
  readonly #newest = new Map<string, number>();
  /** What this log alone comes to. */
  readonly #fold = new InfoFold();
  /** The lines that set its title, as it is. */
  readonly #titleSetBy = new Map<string, number>();
  readonly #others: number[] = [];

  /** The next line, in the order of the stamps; `number` stands for it. */
  add(number: number, line: Pick<LineHead, "stamp" | "length" | "data">): void {
    const { data } = line;
    if (data === null || typeof data !== "object" || Array.isArray(data)) {
      this.#others.push(number);
      return;
    }
    const patch = new Map<string, unknown>(Object.entries(data));
    const form = `${String(patch.get("titleSource"))} ${patch.has("title") ? patch.get("title") === null : ""}`;
    const isKept = this.#fold.keepsTitle(patch);
    for (const key of patch.keys()) {
      // An automatic title that a user's hides now may count among the lines of other machines.
      this.#newest.set(TITLE_KEYS.has(key) ? `${key} ${form}` : key, number);
      if (TITLE_KEYS.has(key) && !isKept) this.#titleSetBy.set(key, number);
    }
    this.#fold.apply(data, line);
  }

  needed(): Set<number> {
    return new Set([...this.#others, ...this.#newest.values(), ...this.#titleSetBy.values()]);
  }
}
