// The turns of the event loop. Within one turn no message reaches us, so what was looked at in it still stands for all
// that others can have told us. Counted only while somebody asks: an idle store has no timer.

interface TurnEnd {
  endTurn(): void;
}

let number = 0;
let isCounted = false;
const waiting = new Set<TurnEnd>();

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

/** Calls endTurn() when this turn of the event loop ends. */
export function atEndOfTurn(waiter: TurnEnd): void {
  currentTurn();
  waiting.add(waiter);
}

function endTurn(): void {
  isCounted = false;
  number++;
  const ending = [...waiting];
  waiting.clear();
  for (const waiter of ending) waiter.endTurn();
}
