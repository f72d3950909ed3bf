// One text for equal values: keys sorted, as RFC 8785 has them. Where equality of content decides, this is compared.
import type stringify from "fast-json-stable-stringify";

let loaded: typeof stringify | undefined;

/** The package is loaded with its first use, not with the import of this one. */
export async function loadCanonical(): Promise<void> {
  loaded ??= (await import("fast-json-stable-stringify")).default;
}

export function isCanonicalLoaded(): boolean {
  return loaded !== undefined;
}

/** The canonical JSON of a value that came from JSON. loadCanonical() comes first. */
export function canonical(value: unknown): string {
  if (loaded === undefined) throw new Error("loadCanonical() was not called");
  return loaded(value);
}

/** True when two values have the same JSON. */
export function isEqual(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}
