// Several logs that are each in order, read side by side: a merge that holds a chunk of each, however long they are.
import type { OpenFile } from "../../disk/descriptors.ts";
import type { LineHead } from "../../line/decode.ts";
import { Fold } from "../../line/fold.ts";
import { compareStamps } from "../../line/stamp.ts";
import { isSameLine } from "../../line/twins.ts";
import type { Log } from "../../log/log.ts";
import { CommitFilter } from "../../log/recovery.ts";
import { readSteps } from "./read-lines.ts";
import { settle } from "./unite.ts";

/**
 * Undefined: a log is not in order, or two lines that differ have one stamp; then all lines must be seen at once, and the logs be
 * read anew. `note` is told of every line that counts.
 */
export async function foldMerged(
  logs: readonly Log[],
  opens: readonly OpenFile[],
  note: (log: Log, line: LineHead) => void,
): Promise<Fold | undefined> {
  const fold = new Fold();
  let last: LineHead | undefined;
  const feeds = logs.map((log, number) => new Feed(log, opens[number] as OpenFile));
  try {
    for (const feed of feeds) await feed.fill();
    for (let feed = leastOf(feeds); feed !== undefined; feed = leastOf(feeds)) {
      const line = feed.take();
      const order = last === undefined ? 1 : compareStamps(line.stamp, last.stamp);
      if (order < 0 || (order === 0 && !isSameLine(line, last as LineHead))) return undefined;
      note(feed.log, line);
      // The log that replaced another one, while that stands beside, has most of its lines.
      if (order === 0) fold.previous[feed.log.number] = line.stamp;
      else fold.apply(line, feed.log.number);
      last = line;
      if (feed.head === undefined) await feed.fill();
    }
    return fold;
  } finally {
    for (const feed of feeds) await feed.stop();
  }
}

/** The one whose next line has the least stamp; undefined: all are at their ends. */
function leastOf(feeds: readonly Feed[]): Feed | undefined {
  let least: Feed | undefined;
  for (const feed of feeds) {
    const { head } = feed;
    if (head === undefined) continue;
    if (least?.head === undefined || compareStamps(head.stamp, least.head.stamp) < 0) least = feed;
  }
  return least;
}

/** The lines of a log that count, as they are needed. */
class Feed {
  readonly log: Log;
  readonly #filter: CommitFilter;
  readonly #steps: AsyncGenerator<void, void>;
  #lines: LineHead[] = [];
  #at = 0;
  #isOver = false;

  constructor(log: Log, open: OpenFile) {
    this.log = log;
    this.#filter = new CommitFilter((line) => this.#lines.push(line));
    this.#steps = readSteps(log, open, (line) => this.#filter.add(line));
  }

  get head(): LineHead | undefined {
    return this.#lines[this.#at];
  }

  take(): LineHead {
    return this.#lines[this.#at++] as LineHead;
  }

  /** Sees to it that there is a next line, unless the log is at its end. */
  async fill(): Promise<void> {
    while (this.head === undefined && !this.#isOver) {
      this.#lines = [];
      this.#at = 0;
      if ((await this.#steps.next()).done !== true) continue;
      this.#isOver = true;
      settle(this.log, this.#filter);
    }
  }

  async stop(): Promise<void> {
    await this.#steps.return();
  }
}
