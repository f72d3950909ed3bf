// The catalog's entries one after the other, brought up to date first.
import { giveWay } from "../../base/turn.ts";
import { DamagedIndexError } from "../../indexes/blocks.ts";
import { markOf } from "../../indexes/catalog/entry.ts";
import type { CatalogEntry, Mark, Order } from "../../indexes/catalog/entry.ts";
import type { Narrowing } from "../../indexes/catalog/selection.ts";
import type { SessionFilter } from "./filter.ts";
import type { StoreState } from "../state.ts";

/**
 * In the order that the sessions had at the beginning, from the mark on. What changes meanwhile shows in no entry. Without
 * `narrowing` deleted sessions, too; with it all that may be wanted.
 */
export async function* walk(
  store: StoreState,
  order: Order,
  direction: 1 | -1,
  mark?: Mark,
  narrowing?: Narrowing & SessionFilter,
  keepsLooking = true,
): AsyncGenerator<CatalogEntry> {
  if (store.remote !== undefined) {
    yield* store.remote.walk(order, direction, mark, narrowing);
    return;
  }
  let last = mark;
  for (let isAgain = false; ; isAgain = true) {
    const { view } = await store.catalog.current(keepsLooking);
    const release = view.base?.hold();
    try {
      for (const entry of view.walk(order, direction, last, narrowing)) {
        await giveWay();
        store.checkOpen();
        if (entry === undefined) continue;
        last = markOf(entry, order);
        yield entry;
      }
      return;
    } catch (error) {
      if (!(error instanceof DamagedIndexError) || isAgain) throw error;
      store.catalog.drop();
    } finally {
      release?.();
    }
  }
}
