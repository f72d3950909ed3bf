// Which characters are one when case is ignored: those whose upper-case forms are one single character. It is what
// JavaScript's regular expressions do with the flag i and without u, so they are asked.

/** UTF-16 units beyond ASCII that can have a case. What lies between, as CJK and Hangul, has none, and would take time. */
const RANGES = [
  [0x80, 0x3000],
  [0xa640, 0xac00],
  [0xfb00, 0x10000],
] as const;

/** All characters beyond ASCII that have a case, each of one unit. Made when somebody asks. */
let cased: string | undefined;

/** All UTF-16 units that equal this one when case is ignored. An ASCII letter equals ASCII letters only. */
export function unitsLike(unit: number): readonly number[] {
  const character = String.fromCharCode(unit);
  if (unit < 128) return /[a-z]/i.test(character) ? [unit, unit ^ 32] : [unit];
  cased ??= allCased();
  if (!cased.includes(character)) return [unit];
  return Array.from(cased.matchAll(new RegExp(character, "gi")), ([each]) => each.charCodeAt(0));
}

function allCased(): string {
  let found = "";
  for (const [first, end] of RANGES) {
    for (let unit = first; unit < end; unit++) {
      const character = String.fromCharCode(unit);
      if (/\p{Changes_When_Casemapped}/u.test(character)) found += character;
    }
  }
  return found;
}
