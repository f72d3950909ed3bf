// How long does it take to cut a session down, to give its space back, and to delete one, and how long in SQLite?
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openStore } from "../../dist/lib/index.js";
import { inTurn } from "./measure.mjs";
import { MIXED, messages, SHORT } from "./messages.mjs";
import { against, comparison } from "./rows.mjs";
import { SpaceDatabase } from "./space-database.mjs";
import { bytesBelow } from "./side-tasks.mjs";

/** So many messages stay. */
const KEPT = 100;
const SETTLE_MS = 100;
/** Sessions that nobody has cut at the end. */
const LEFT = 4;
const COUNT = 4000;
/** Until all is compiled: so many small sessions go the same way. */
const WARM_SESSIONS = 60;
const WARM_COUNT = 40;

const [ONE_MORE] = messages(1, SHORT.mean, SHORT.sigma);

/**
 * In each round one session is truncated to its newest 100 messages and its space is given back, and another one is deleted.
 *
 * @param {import("./measure.mjs").Setting} setting
 * @returns {Promise<import("./measure.mjs").Answer>}
 */
export async function ask({ directory, quick }) {
  const counts = { rounds: quick ? 3 : 9, dropped: 1 };
  const sessions = 2 * (counts.rounds + counts.dropped) + LEFT;
  const root = join(directory, "store");
  const store = await openStore(root);
  const vacuum = new SpaceDatabase(join(directory, "vacuum"), "NONE");
  const incremental = new SpaceDatabase(join(directory, "incremental"), "INCREMENTAL");
  for (let number = 0; number < sessions; number++) {
    const session = await store.createSession({ id: idOf(number) });
    for (const message of messages(COUNT, MIXED.mean, MIXED.sigma)) await session.append(message);
    for (const database of [vacuum, incremental]) database.fill(idOf(number), messages(COUNT, MIXED.mean, MIXED.sigma));
  }
  await warm(store);
  const next = { turnlog: 0, vacuum: 0, incremental: 0 };
  const times = await inTurn(
    {
      turnlog: async () => {
        const [cut, gone] = [store.session(idOf(next.turnlog++)), store.session(idOf(next.turnlog++))];
        // As in use: what stands in it is known, and something was written a moment ago.
        for (const session of [cut, gone]) await session.count();
        return {
          truncate: await timed(
            () => cut.truncate({ keepLast: KEPT }),
            () => cut.append(ONE_MORE),
          ),
          compact: await timed(() => cut.compact()),
          delete: await timed(() => gone.delete({ trash: false })),
        };
      },
      vacuum: async () => {
        const [cut, gone] = [idOf(next.vacuum++), idOf(next.vacuum++)];
        const truncate = await timed(
          () => vacuum.truncate(cut, KEPT),
          () => vacuum.fill(cut, [ONE_MORE]),
        );
        const compact = await timed(() => vacuum.reclaim());
        vacuum.remove(gone);
        return { truncate, compact, delete: 0 };
      },
      incremental: async () => {
        const [cut, gone] = [idOf(next.incremental++), idOf(next.incremental++)];
        const truncate = await timed(() => incremental.truncate(cut, KEPT));
        const compact = await timed(() => incremental.reclaim());
        const removed = await timed(() => {
          incremental.remove(gone);
          incremental.reclaim();
        });
        return { truncate, compact, delete: removed };
      },
    },
    counts,
  );
  vacuum.close();
  incremental.close();
  // Of those that were not cut down: a log that was compacted stands beside as it was for a minute.
  const logs = join(root, "sessions");
  const isLeft = (/** @type {string} */ name) => Number(/s(\d+)\.jsonl$/.exec(name)?.[1]) >= next.turnlog;
  const expected = bytesBelow(logs, isLeft);
  const before = bytesBelow(root);
  for (let number = next.turnlog; number < sessions; number++)
    await store.session(idOf(number)).delete({ trash: false });
  const freed = before - bytesBelow(root);
  await store.close();

  /** @type {(side: "turnlog" | "vacuum" | "incremental", what: "truncate" | "compact" | "delete") => number[]} */
  const of = (side, what) => times[side].map((each) => each[what]);
  const both = (/** @type {number} */ index) => of("turnlog", "truncate")[index] + of("turnlog", "compact")[index];
  const cutting = times.turnlog.map((_, round) => both(round));
  const vacuuming = times.vacuum.map(({ truncate, compact }) => truncate + compact);
  const claims = {
    truncate: `truncate a session of ${COUNT} messages to ${KEPT}`,
    compact: "give its space back",
    delete: "delete a session and give its space back",
  };
  const [one, two, three] = [
    "better-sqlite3, DELETE",
    "better-sqlite3, VACUUM",
    "better-sqlite3, DELETE and incremental_vacuum",
  ];
  return {
    title: `space: of ${sessions} sessions of ${COUNT} messages one is cut to ${KEPT}, one deleted, median of ${counts.rounds} rounds`,
    rows: [
      ...comparison(
        "truncate",
        "ms",
        { turnlog: of("turnlog", "truncate"), [one]: of("vacuum", "truncate") },
        { [one]: { least: 300, claim: claims.truncate } },
      ),
      ...comparison(
        "compact",
        "ms",
        {
          turnlog: of("turnlog", "compact"),
          [two]: of("vacuum", "compact"),
          "better-sqlite3, incremental_vacuum": of("incremental", "compact"),
        },
        quick ? {} : { [two]: { least: 30, claim: claims.compact } },
      ),
      against("truncate + compact / DELETE + VACUUM", "ms", two, cutting, vacuuming, quick ? {} : { least: 20 }),
      ...comparison(
        "delete, without the trash",
        "ms",
        { turnlog: of("turnlog", "delete"), [three]: of("incremental", "delete") },
        { [three]: { least: 5, claim: claims.delete } },
      ),
      { name: "disk before", unit: "MB", spread: only(before / 1e6) },
      { name: "given back / the logs of what was deleted", unit: "x", spread: only(freed / expected), least: 0.95 },
    ],
    notes: [
      'durability "process"; truncating and deleting are a line in the log, or a statement; a deletion in turnlog waits for the disk',
      "the system frees the bytes of turnlog's removed file in the background, and brings SQLite's pages to the disk there",
    ],
  };
}

/**
 * What is compiled for other sessions is compiled for these.
 *
 * @param {import("../../dist/lib/index.js").Store} store
 */
async function warm(store) {
  for (let number = 0; number < WARM_SESSIONS; number++) {
    const session = await store.createSession({ id: `warm-${number}` });
    await session.append([...messages(WARM_COUNT, SHORT.mean, SHORT.sigma)]);
    for (let kept = WARM_COUNT - 1; kept > 5; kept -= 2) await session.truncate({ keepLast: kept });
    await session.compact();
    await session.delete({ trash: false });
  }
}

/** @param {number} number */
function idOf(number) {
  return `s${number}`;
}

/** @param {number} figure */
function only(figure) {
  return { median: figure, min: figure, max: figure };
}

/**
 * Before the clock starts: what the last turn left to the disk, and what this process put off while the other side held it for
 * half a second (syncs in the background, indexes that are saved), is not this turn's.
 *
 * @param {() => unknown} work
 * @param {() => unknown} prepare comes right before it
 */
async function timed(work, prepare = () => undefined) {
  await sleep(SETTLE_MS);
  execFileSync("sync");
  await prepare();
  const start = performance.now();
  await work();
  return performance.now() - start;
}
