// What the files of a session show without being read: by this the next import tells whether it must read them.
import type { FilePrint, SourceState } from "../store/import/imported-files.ts";
import type { SourceSession } from "./importer.ts";
import { printOf } from "./source.ts";

const KEYS = ["dev", "ino", "size", "mtimeMs", "ctimeMs"] as const;

/** `seenMs`: all that is known of the session was read after that. */
export function stateOf({ id, identity, path, beside, files }: SourceSession, seenMs: number): SourceState {
  const prints = new Map<string, FilePrint>();
  for (const file of files) {
    const print = printOf(file);
    if (print !== undefined) prints.set(file, print);
  }
  const isWhole = files.length > 0 && files.every((file) => prints.has(file));
  return { id, key: JSON.stringify([identity, path]), beside, files: isWhole ? prints : undefined, seenMs };
}

/** False: it was written to since then. */
export function isAsItWas({ files }: SourceState): boolean {
  return [...(files ?? [])].every(([path, before]) => {
    const now = printOf(path);
    return now !== undefined && KEYS.every((key) => now[key] === before[key]);
  });
}
