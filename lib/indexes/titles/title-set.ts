// All titles at one time: a base that never changes, the rows of it that are not so any more, and the young titles.
import { NONE } from "./base.ts";
import type { TitleBase } from "./base.ts";
import { RowSet } from "./row-set.ts";
import { isSameTitle } from "./title.ts";
import type { Title } from "./title.ts";
import { YoungTitles } from "./young.ts";

export class TitleSet {
  readonly base: TitleBase;
  /** Rows whose title is young now, or gone. */
  readonly hidden: RowSet;
  readonly young: YoungTitles = new YoungTitles();

  constructor(base: TitleBase) {
    this.base = base;
    this.hidden = new RowSet(base.size);
  }

  get size(): number {
    return this.base.size - this.hidden.size + this.young.size;
  }

  get(id: string): Title | undefined {
    const young = this.young.get(id);
    if (young !== undefined) return young;
    const row = this.base.find(id);
    return row === NONE || this.hidden.has(row) ? undefined : this.base.title(row);
  }

  set(title: Title): void {
    if (this.young.get(title.id) === undefined) {
      const row = this.base.find(title.id);
      if (row !== NONE && !this.hidden.has(row)) {
        if (isSameTitle(this.base.title(row), title)) return;
        this.hidden.add(row);
      }
    }
    this.young.set(title);
  }

  delete(id: string): void {
    this.young.delete(id);
    const row = this.base.find(id);
    if (row !== NONE) this.hidden.add(row);
  }

  /** Newest first. Of what changes meanwhile either state may come, or none. */
  *titles(): Generator<Title> {
    const { base, hidden } = this;
    const young = this.young.titles();
    let next = 0;
    for (let row = 0; row < base.size; row++) {
      if (hidden.has(row)) continue;
      for (; next < young.length && base.compareTo(row, young[next] as Title) > 0; next++) yield young[next] as Title;
      yield base.title(row);
    }
    yield* young.slice(next);
  }
}
