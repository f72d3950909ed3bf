// Who watches what importers look at in a source, and how far they have read it.

/** What those have seen being looked at who watch. */
const seenPaths = new Set<Set<string>>();

/**
 * -> whether all that importers look at until its end is among some paths: what is made of others cannot be told to be the same by
 * these. Another import in this process counts, too, so that it may say no in vain.
 */
export function watchPaths(): { areAmong(paths: readonly string[]): boolean; end(): void } {
  const seen = new Set<string>();
  seenPaths.add(seen);
  return {
    areAmong: (paths) => [...seen].every((path) => paths.includes(path)),
    end: () => void seenPaths.delete(seen),
  };
}

export function lookedAt(path: string): void {
  for (const seen of seenPaths) seen.add(path);
}

/** Those who watch how far files are read, by their paths. */
const watches = new Map<string, Set<{ bytes: number }>>();

/** -> how far the file was read since then. `end` ends the watch. */
export function watchReading(path: string): { readonly bytes: number; end(): void } {
  const all = watches.get(path) ?? new Set();
  const end = (): void => {
    all.delete(watch);
    if (all.size === 0 && watches.get(path) === all) watches.delete(path);
  };
  const watch = { bytes: 0, end };
  watches.set(path, all.add(watch));
  return watch;
}

export function wasRead(path: string, bytes: number): void {
  for (const watch of watches.get(path) ?? []) watch.bytes = Math.max(watch.bytes, bytes);
}
