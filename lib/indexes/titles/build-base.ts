// Making a base: the columns in one go through the titles, the grams in one through the columns. All of it in slices.
import { TitleBase } from "./base.ts";
import { Blocks } from "./blocks.ts";
import { ColumnsBuilder, STEP } from "./columns.ts";
import type { Columns } from "./columns.ts";
import { Grams, LONG_BUCKETS } from "./grams.ts";
import { sortByKey, sortByTime, withoutDoubles } from "./order.ts";
import { PostingsBuilder } from "./postings.ts";
import type { Title } from "./title.ts";
import { Turns } from "../../base/slices.ts";

export type TitleSource = Iterable<Title> | AsyncIterable<Title>;

/** In any order; newest first is fastest. Of two titles with one id the newer counts. */
export async function buildBase(titles: TitleSource, signal?: AbortSignal): Promise<TitleBase> {
  const turns = new Turns(signal);
  const given = await readTitles(titles, turns);
  const sorted = await sortByKey(given, turns);
  const columns = sorted.hasEqual ? await withoutDoubles(given, sorted.rows, turns) : given;
  const byKey = columns === given ? sorted.rows : (await sortByKey(columns, turns)).rows;
  const { folded } = columns;
  const long = new PostingsBuilder(LONG_BUCKETS);
  const short = Blocks.ofRows(folded.length);
  const grams = new Grams();
  for (let row = 0; row < folded.length; row++) {
    grams.read(folded.bytes, folded.start(row), folded.end(row));
    long.add(row, grams.long, grams.longCount);
    short.add(row, grams.short, grams.shortCount);
    if (row % STEP === 0 && turns.isOver) await turns.giveWay();
  }
  return new TitleBase(columns, byKey, await long.build(turns), short);
}

/** Newest first. */
async function readTitles(titles: TitleSource, turns: Turns): Promise<Columns> {
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
  return builder.isSorted ? columns : await sortByTime(columns, turns);
}
