// The turns of the event loop. Within one turn no message reaches us, so what was looked at in it still stands for all
// that other processes can have told us. Counted only while somebody asks: an idle store has no timer.

interface TurnEnd {
  endTurn(): void;
}

/** So long one turn may last by our doing: calls whose answers are at hand would else keep timers and sockets waiting. */
const LONG_MS = 10;

let number = 0;
let isCounted = false;
let startedAt = 0;
let doubted = 0;
const waiting = new Set<TurnEnd>();
/** For each log, who has looked at it last. */
const fresh = new Map<string, object>();

export function currentTurn(): number {
  if (!isCounted) {
    isCounted = true;
    startedAt = Date.now();
    // Not unref'd: without it the loop would wait for input and hand it over first, and only then end the turn.
    setImmediate(endTurn);
  }
  return number;
}

/** True when this turn has lasted long enough that others should get theirs. */
export function isLongTurn(now: number): boolean {
  currentTurn();
  return now - startedAt > LONG_MS;
}

/** Resolves at once, or in the next turn if this one has lasted long. */
export async function giveWay(): Promise<void> {
  if (isLongTurn(Date.now())) await new Promise((resolve) => setImmediate(resolve));
}

/** True while the turn with this number lasts. */
export function isTurn(turn: number): boolean {
  return isCounted && turn === number;
}

/** One looks at a log. Of several stores in this process only the last one may trust its look: another may write next. */
export function takeFresh(path: string, looker: object): void {
  fresh.set(path, looker);
}

export function hasFresh(path: string, looker: object): boolean {
  return fresh.get(path) === looker;
}

/** We have heard of others in the middle of a turn, as when a watched file changes: no earlier look in it serves. */
export function heardOfOthers(): void {
  fresh.clear();
}

/** What was looked at is to be looked at again; what may have changed in a way that no look shows is to be read again. */
export function forgetFresh(): void {
  heardOfOthers();
  doubted++;
}

/** Grows with every forgetFresh(). */
export function doubts(): number {
  return doubted;
}

/** Calls endTurn() when this turn of the event loop ends. */
export function atEndOfTurn(waiter: TurnEnd): void {
  currentTurn();
  waiting.add(waiter);
}

function endTurn(): void {
  isCounted = false;
  number++;
  fresh.clear();
  const ending = [...waiting];
  waiting.clear();
  for (const waiter of ending) waiter.endTurn();
}
