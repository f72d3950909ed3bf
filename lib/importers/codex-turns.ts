// The turns of a Codex thread: a rollback drops the newest of them, and what is said next follows what was before.
import type { Item } from "./codex-items.ts";

export class Turns {
  /** The message that the next one follows; null: none. */
  tip: string | null = null;
  /** For each turn that stands, what it followed. */
  readonly #before: (string | null)[] = [];
  /** What the context that was told since the last message followed: it goes with the turn that it was told for. */
  #beforeContext: string | null | undefined;

  add(id: string, kind: Item["kind"]): void {
    if (kind === "context") {
      if (this.#beforeContext === undefined) this.#beforeContext = this.tip;
    } else {
      // What came before the first prompt is no turn's.
      if (kind === "prompt") this.#before.push(this.#before.length === 0 ? this.tip : this.#contextOr(this.tip));
      this.#beforeContext = undefined;
    }
    this.tip = id;
  }

  /** Drops the newest turns; all of them leave what came before the first. */
  rollBack(count: number): void {
    if (this.#before.length === 0 || count <= 0) return;
    const [tip] = this.#before.splice(Math.max(0, this.#before.length - count)) as [string | null];
    this.tip = tip;
    this.#beforeContext = undefined;
  }

  #contextOr(tip: string | null): string | null {
    return this.#beforeContext === undefined ? tip : this.#beforeContext;
  }
}
