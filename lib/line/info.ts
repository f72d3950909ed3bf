// A session's title, project and so on: each key has the value that was set last.

export class InfoFold {
  readonly #values = new Map<string, unknown>();

  apply(patch: unknown): void {
    if (patch === null || typeof patch !== "object" || Array.isArray(patch)) return;
    const entries = new Map<string, unknown>(Object.entries(patch));
    if (this.keepsTitle(entries)) {
      entries.delete("title");
      entries.delete("titleSource");
    }
    for (const [key, value] of entries) this.#values.set(key, value);
  }

  /** A user's title beats an automatic one, until the user clears it. */
  keepsTitle(patch: ReadonlyMap<string, unknown>): boolean {
    return patch.get("titleSource") === "auto" && this.get("titleSource") === "user" && this.get("title") !== undefined;
  }

  /** What stands; a cleared key is undefined. */
  get(key: string): unknown {
    return this.#values.get(key) ?? undefined;
  }

  /** All keys that were ever set, cleared ones among them. */
  keys(): string[] {
    return [...this.#values.keys()];
  }

  entries(): [string, unknown][] {
    return [...this.#values].filter(([, value]) => value !== null);
  }
}
