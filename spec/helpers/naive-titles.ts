// The search over titles by its definition: look at every session, then sort. Only the folding is the library's own.
import { fold } from "../../lib/line/searched.ts";
import type { Title, TitleHit } from "../../lib/indexes/titles/title.ts";

/** A look at every session folds the same texts again and again. */
const foldings = new Map<string, string>();
const WORD_START = /(?<![\p{L}\p{N}\p{M}])/u.source;

/** Titles are newest first. */
export function searchNaively(
  titles: readonly Title[],
  text: string,
  { limit = 50, order = "updated" }: { limit?: number; order?: "updated" | "best" } = {},
): TitleHit[] {
  const key = fold(text).trim();
  const words = key.split(/\s+/).filter((word) => word !== "");
  const fits = ({ text }: Title): boolean => words.every((word) => folded(text).includes(word));
  const isNamed = ({ id }: Title): boolean => key.length >= 4 && folded(id).startsWith(key);
  let found = titles.filter((title) => fits(title) || isNamed(title));
  if (order === "best") {
    const newest = found.slice(0, Math.max(1000, limit));
    const starts = words.map((word) => new RegExp(WORD_START + escaped(word), "u"));
    const ranks = newest.map(({ text }) => rankNaively(folded(text), words, starts));
    found = [0, 1, 2, 3].flatMap((rank) => newest.filter((_, place) => ranks[place] === rank));
  }
  const equal = titles.filter(({ id }) => key !== "" && folded(id) === key);
  const named = titles.filter(isNamed);
  const meant = equal.length > 0 ? equal : named.length === 1 ? named : [];
  return [...meant, ...found.filter((title) => !meant.includes(title))]
    .slice(0, limit)
    .map(({ id, text, isPrompt, archived, at }) => ({ id, text, isPrompt, archived, updatedMs: at }));
}

export function newestFirst(titles: Iterable<Title>): Title[] {
  const less = (x: number | string, y: number | string): number => (x < y ? -1 : x > y ? 1 : 0);
  return [...titles].sort((a, b) => less(b.at, a.at) || less(b.tie, a.tie) || less(a.id, b.id));
}

/** 0: begins the title, 1: begins words of it, 2: stands somewhere, 3: not in the title at all. */
function rankNaively(text: string, words: readonly string[], starts: readonly RegExp[]): number {
  if (!words.every((word) => text.includes(word))) return 3;
  if (!starts.every((start) => start.test(text))) return 2;
  return words.some((word) => text.startsWith(word)) ? 0 : 1;
}

function folded(text: string): string {
  let known = foldings.get(text);
  if (known === undefined) foldings.set(text, (known = fold(text)));
  return known;
}

function escaped(word: string): string {
  return word.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}
