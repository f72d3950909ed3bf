// Making a base: the columns in one go through the titles, the grams in one through the columns. All of it in slices.
import { TitleBase } from "./base.ts";
import { ColumnsBuilder, STEP } from "./columns.ts";
import { BLOCK_ROWS, Grams, LONG_BUCKETS, SHORT_BUCKETS } from "./grams.ts";
import { PostingsBuilder } from "./postings.ts";
import { sortRows } from "./sort.ts";
import type { Title } from "./title.ts";
import { Turns } from "./turns.ts";

export type TitleSource = Iterable<Title> | AsyncIterable<Title>;

/** In any order; newest first is fastest. Of two titles with one id the first counts. */
export async function buildBase(titles: TitleSource, signal?: AbortSignal): Promise<TitleBase> {
  const turns = new Turns(signal);
  const builder = new ColumnsBuilder();
  let read = 0;
  if (Symbol.iterator in titles) {
    for (const title of titles) {
      builder.add(title);
      if (++read % STEP === 0 && turns.isOver) await turns.giveWay();
    }
  } else {
    for await (const title of titles) {
      builder.add(title);
      if (++read % STEP === 0 && turns.isOver) await turns.giveWay();
    }
  }
  const columns = await builder.build(turns);
  const { keys, folded } = columns;
  const byKey = await sortRows(columns.at.length, (a, b) => keys.compare(a, b), turns);
  const long = new PostingsBuilder(LONG_BUCKETS);
  const short = new PostingsBuilder(SHORT_BUCKETS);
  const grams = new Grams();
  for (let row = 0; row < folded.length; row++) {
    grams.read(folded.bytes, folded.start(row), folded.end(row));
    long.add(row, grams.long, grams.longCount);
    short.add(Math.floor(row / BLOCK_ROWS), grams.short, grams.shortCount);
    if (row % STEP === 0 && turns.isOver) await turns.giveWay();
  }
  return new TitleBase(columns, byKey, await long.build(turns), await short.build(turns));
}
