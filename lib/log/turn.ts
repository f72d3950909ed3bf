// The turns of the event loop. Within one turn no message reaches us, so what was looked at in it still stands for all
// that other processes can have told us. Counted only while somebody asks: an idle store has no timer.

interface TurnEnd {
  endTurn(): void;
}

let number = 0;
let isCounted = false;
const waiting = new Set<TurnEnd>();
/** For each log, who has looked at it last. */
const fresh = new Map<string, object>();

export function currentTurn(): number {
  if (!isCounted) {
    isCounted = true;
    setImmediate(endTurn).unref();
  }
  return number;
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
