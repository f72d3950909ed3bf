// What is searched, and the order in which it is found.

/** A session as the index of titles knows it. */
export interface Title {
  readonly id: string;
  /** The title; of a session without one, its first prompt. */
  readonly text: string;
  readonly isPrompt: boolean;
  readonly archived: boolean;
  /** The last activity, in ms, and what decides where two are equal (of stamps: counter and writer). */
  readonly at: number;
  readonly tie: string;
}

/** What a search gives of it. */
export interface TitleHit {
  readonly id: string;
  readonly text: string;
  readonly isPrompt: boolean;
  readonly archived: boolean;
  /** The last activity, in ms since 1970; -Infinity where nothing of the session could be read. */
  readonly updatedMs: number;
}

/** More characters of a text are neither searched nor given back: a title is a line, and a slice of work has its end. */
const MOST_CHARACTERS = 500;

/** What a title's place in the order depends on. */
export type Place = Pick<Title, "id" | "at" | "tie">;

/** Newest first. No two sessions are equal: the id decides last. */
export function comparePlaces(a: Place, b: Place): number {
  if (a.at !== b.at) return a.at > b.at ? -1 : 1;
  if (a.tie !== b.tie) return a.tie > b.tie ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** The title as it can be held: its text not too long and such as UTF-8 has, and its time a place in the order. */
export function normalTitle(title: Title): Title {
  const { text, at } = title;
  if (text.length <= MOST_CHARACTERS && text.isWellFormed() && !Number.isNaN(at)) return title;
  return {
    ...title,
    text: text.slice(0, MOST_CHARACTERS).toWellFormed(),
    at: Number.isNaN(at) ? Number.NEGATIVE_INFINITY : at,
  };
}

export function isSameTitle(a: Title, b: Title): boolean {
  return (
    a.text === b.text && a.isPrompt === b.isPrompt && a.archived === b.archived && a.at === b.at && a.tie === b.tie
  );
}
