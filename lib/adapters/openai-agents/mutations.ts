// What the mutations of a history make of the calls in it.
import type { HistoryMutation } from "./types.ts";

/** A call of a function that stands in the history. */
export interface StandingCall<I> {
  readonly id: string;
  readonly at: string;
  item: I;
  isChanged: boolean;
}

export function isCall(item: object): boolean {
  return (item as { type?: unknown }).type === "function_call";
}

/** One mutation after the other: the first call with the id is replaced, those that repeat it go. */
export function mutated<I extends object>(
  calls: readonly StandingCall<I>[],
  mutations: readonly HistoryMutation<I>[],
): { changed: StandingCall<I>[]; gone: StandingCall<I>[] } {
  let standing = [...calls];
  const gone: StandingCall<I>[] = [];
  for (const { type, callId, replacement } of mutations) {
    if (type !== "replace_function_call") continue;
    const isMeant = ({ item }: StandingCall<I>): boolean =>
      isCall(item) && (item as { callId?: unknown }).callId === callId;
    const first = standing.find(isMeant);
    if (first === undefined) continue;
    gone.push(...standing.filter((call) => call !== first && isMeant(call)));
    standing = standing.filter((call) => call === first || !isMeant(call));
    first.item = replacement;
    first.isChanged = true;
  }
  return { changed: standing.filter(({ isChanged }) => isChanged), gone };
}
