// What could not be taken over, each once: a source may be read more than once.
import type { ImportProblem } from "../base/import.ts";
import type { OnProblem } from "./importer.ts";

export class Problems {
  readonly all: ImportProblem[] = [];
  readonly #told = new Set<string>();
  readonly #paths = new Set<string>();

  readonly tell: OnProblem = (path, reason, line) => {
    const key = JSON.stringify([path, line, reason]);
    if (!this.#told.has(key)) this.all.push({ path, ...(line !== undefined && { line }), reason });
    this.#told.add(key);
    this.#paths.add(path);
  };

  /** True if something is wrong with one of these files. */
  has(paths: readonly string[]): boolean {
    return paths.some((path) => this.#paths.has(path));
  }
}
