// What stands in a directory.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** The paths of all files below a directory, sorted. */
export function filesOf(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      return entry.isDirectory() ? filesOf(path) : [path];
    })
    .toSorted();
}

/** Every file with its content and its time of change, to tell that nothing has changed. */
export function stateOf(directory: string): Map<string, string> {
  const state = (path: string): string => `${statSync(path, { bigint: true }).mtimeNs} ${readFileSync(path, "hex")}`;
  return new Map(filesOf(directory).map((path) => [path, state(path)]));
}
