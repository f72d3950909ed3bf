// What a store takes on disk, and where. From the catalog and the directories; no log is read unless that is asked for.
import { join } from "node:path";
import { StoreError } from "../../base/errors.ts";
import { checkOptions } from "../../base/options.ts";
import type { TypeStats } from "../../base/session-stats.ts";
import type {
  LargeSession,
  LinesUsed,
  MonthUsed,
  SessionsUsed,
  SpaceUsed,
  StoreStats,
  StoreStatsOptions,
} from "../../base/store-stats.ts";
import type { SessionInfo } from "../../base/session-info.ts";
import { giveWay } from "../../base/turn.ts";
import { monthOf } from "../../disk/names.ts";
import type { CatalogEntry } from "../../indexes/catalog/entry.ts";
import { parseStamp } from "../../line/stamp.ts";
import { isAsSeen, shownInfo } from "../list/describe.ts";
import { renew } from "../list/list.ts";
import { MachineTotals } from "./machine-totals.ts";
import { stats } from "../read/stats.ts";
import type { Remote } from "../remote.ts";
import type { StoreState } from "../state.ts";
import { walk } from "../list/walk.ts";

const MOST_LARGE = 10;

export async function storeStats(store: StoreState, options: StoreStatsOptions): Promise<StoreStats> {
  checkOptions("stats", options, ["lines", "signal", "onProgress"]);
  const { signal } = options;
  const { layout } = store;
  const sessions = new SessionTotals();
  const machines = new MachineTotals(store);
  const lines = options.lines === true ? new LineTotals(store) : undefined;
  for await (const seen of walk(store, "updated", 1)) {
    signal?.throwIfAborted();
    const entry = isAsSeen(store, seen) ? seen : await renew(store, seen);
    if (entry.logs.length === 0) continue;
    sessions.add(entry);
    await machines.add(entry);
    await lines?.add(entry);
    options.onProgress?.({ sessions: sessions.count, bytes: sessions.bytes });
  }
  if (store.remote !== undefined) return await remoteStats(store.remote, sessions, machines, lines);
  const used = (path: string): Promise<SpaceUsed> => spaceUsed(store, path, signal);
  const [logs, blobs, archive] = [await used(layout.sessions), await used(layout.blobs), await used(layout.archive)];
  const [trash, lostAndFound] = [await used(layout.trash), await used(layout.lostAndFound)];
  const cache = await used(layout.cache);
  const parts = [logs, blobs, archive, trash, lostAndFound, cache];
  return {
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    logs,
    blobs,
    archive,
    trash,
    lostAndFound,
    cache,
    ...sessions.shown(),
    machines: machines.shown(),
    ...(lines !== undefined && { lines: lines.shown() }),
  };
}

const NOTHING: SpaceUsed = { files: 0, bytes: 0 };

async function remoteStats(
  remote: Remote,
  sessions: SessionTotals,
  machines: MachineTotals,
  lines: LineTotals | undefined,
): Promise<StoreStats> {
  const { blobs, trash } = await remote.used();
  const logs = { files: machines.logs, bytes: sessions.bytes };
  return {
    bytes: logs.bytes + blobs.bytes + trash.bytes,
    logs,
    blobs,
    archive: NOTHING,
    trash,
    lostAndFound: NOTHING,
    cache: NOTHING,
    ...sessions.shown(),
    machines: machines.shown(),
    ...(lines !== undefined && { lines: lines.shown() }),
  };
}

async function spaceUsed(store: StoreState, path: string, signal: AbortSignal | undefined): Promise<SpaceUsed> {
  const { vfs } = store;
  const directories = [path];
  let files = 0;
  let bytes = 0;
  for (let each = directories.pop(); each !== undefined; each = directories.pop()) {
    for await (const name of vfs.streamNames(each)) {
      signal?.throwIfAborted();
      const below = join(each, name);
      const stat = vfs.stat(below);
      if (stat?.isDirectory === true) {
        directories.push(below);
      } else if (stat !== undefined) {
        files++;
        bytes += stat.size;
      }
      await giveWay();
      store.checkOpen();
    }
  }
  return { files, bytes };
}

type Sum = { -readonly [K in keyof SessionsUsed]: SessionsUsed[K] };

class SessionTotals {
  bytes = 0;
  #living = 0;
  #damaged = 0;
  readonly #deleted: Sum = { sessions: 0, bytes: 0 };
  readonly #months = new Map<string, { created: Sum; active: Sum }>();
  /** The largest first. */
  #largest: LargeSession[] = [];

  get count(): number {
    return this.#living + this.#deleted.sessions;
  }

  add(entry: CatalogEntry): void {
    const bytes = entry.logs.reduce((sum, { print }) => sum + print.size, 0);
    this.bytes += bytes;
    if (entry.kind === "deleted") return addTo(this.#deleted, bytes);
    this.#living++;
    if (entry.kind === "damaged") this.#damaged++;
    const [created, updated] = [monthIn(entry.created), monthIn(entry.updated)];
    if (created !== undefined) addTo(this.#month(created).created, bytes);
    if (updated !== undefined) addTo(this.#month(updated).active, bytes);
    this.#note(entry, bytes);
  }

  shown(): Pick<StoreStats, "sessions" | "damaged" | "deleted" | "largest" | "growth"> {
    const months = [...this.#months].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      sessions: this.#living,
      damaged: this.#damaged,
      deleted: this.#deleted,
      largest: this.#largest,
      growth: months.map(([month, used]): MonthUsed => ({ month, ...used })),
    };
  }

  #month(month: string): { created: Sum; active: Sum } {
    const known = this.#months.get(month);
    if (known !== undefined) return known;
    const used = { created: { sessions: 0, bytes: 0 }, active: { sessions: 0, bytes: 0 } };
    this.#months.set(month, used);
    return used;
  }

  #note(entry: CatalogEntry, bytes: number): void {
    const least = this.#largest.at(MOST_LARGE - 1);
    if (least !== undefined && least.bytes >= bytes) return;
    const { id, title, messages = 0, updatedAt = "" } = shownInfo(entry) as Partial<SessionInfo> & { id: string };
    this.#largest.push({ id, ...(title !== undefined && { title }), bytes, messages, updatedAt });
    this.#largest = this.#largest.sort((a, b) => b.bytes - a.bytes).slice(0, MOST_LARGE);
  }
}

function addTo(sum: Sum, bytes: number): void {
  sum.sessions++;
  sum.bytes += bytes;
}

/** A clock that lies in the future makes no month that has not come. Undefined: nothing could be read. */
function monthIn(stamp: string): string | undefined {
  const ms = parseStamp(stamp)?.ms;
  return ms === undefined ? undefined : monthOf(Math.min(ms, Date.now()));
}

class LineTotals {
  readonly #store: StoreState;
  readonly #types = new Map<string, { -readonly [K in keyof TypeStats]: TypeStats[K] }>();
  #live = 0;
  #dead = 0;
  #skipped = 0;

  constructor(store: StoreState) {
    this.#store = store;
  }

  /** What cannot be read is counted elsewhere, as damaged. */
  async add({ id, kind }: CatalogEntry): Promise<void> {
    if (kind === "damaged") return;
    const { session, release } = this.#store.borrow(id);
    try {
      const { types, liveBytes, deadBytes, skipped } = await stats(session, true);
      this.#live += liveBytes;
      this.#dead += deadBytes;
      this.#skipped += skipped;
      for (const [type, { lines, bytes }] of Object.entries(types)) {
        const sum = this.#types.get(type) ?? { lines: 0, bytes: 0 };
        this.#types.set(type, { lines: sum.lines + lines, bytes: sum.bytes + bytes });
      }
    } catch (error) {
      if (!(error instanceof StoreError) || error.code === "CLOSED") throw error;
    } finally {
      release();
    }
  }

  shown(): LinesUsed {
    const types = [...this.#types].sort(([, a], [, b]) => b.bytes - a.bytes);
    return {
      liveBytes: this.#live,
      deadBytes: this.#dead,
      lines: types.reduce((sum, [, { lines }]) => sum + lines, 0),
      types: Object.fromEntries(types),
      skipped: this.#skipped,
    };
  }
}
