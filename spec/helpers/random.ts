// Numbers that look random and come again with the same seed.

/** A whole number, at least 0 and less than `below`. */
export type Random = (below: number) => number;

export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

export function pick<T>(random: Random, from: readonly T[]): T {
  if (from.length === 0) throw new Error("nothing to choose from");
  return from[random(from.length)] as T;
}

export function shuffled<T>(random: Random, from: readonly T[]): T[] {
  const rest = [...from];
  return Array.from({ length: from.length }, () => rest.splice(random(rest.length), 1)[0] as T);
}
