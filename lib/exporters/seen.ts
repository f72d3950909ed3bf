// Which names have been met, of millions: each takes a number, not its text.

/** So rarely two names have one number: once in 2^52. */
const HALF = 2 ** 26;

export class Seen {
  readonly #numbers = new Set<number>();

  add(name: string): void {
    this.#numbers.add(numberOf(name));
  }

  has(name: string): boolean {
    return this.#numbers.has(numberOf(name));
  }
}

function numberOf(name: string): number {
  let a = 0x811c9dc5;
  let b = 0x9e3779b9;
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x85ebca6b);
    b ^= b >>> 15;
  }
  return (a >>> 6) * HALF + (b >>> 6);
}
