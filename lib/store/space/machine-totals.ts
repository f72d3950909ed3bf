// What lies in the folder of each machine, session by session.
import { errno, StoreError } from "../../base/errors.ts";
import type { MachineUsed } from "../../base/store-stats.ts";
import { reaching } from "../../disk/far.ts";
import { machineIn } from "../../disk/names.ts";
import type { CatalogEntry, SeenLog } from "../../indexes/catalog/entry.ts";
import { parseStamp } from "../../line/stamp.ts";
import { lastStamp } from "../../log/last.ts";
import { isoTime } from "../list/info.ts";
import type { StoreState } from "../state.ts";

interface Total {
  logs: number;
  bytes: number;
  updatedMs: number;
}

export class MachineTotals {
  readonly #store: StoreState;
  readonly #totals = new Map<string, Total>();

  constructor(store: StoreState) {
    this.#store = store;
  }

  /** Of all machines. */
  get logs(): number {
    return [...this.#totals.values()].reduce((sum, { logs }) => sum + logs, 0);
  }

  async add({ name, logs, updated }: CatalogEntry): Promise<void> {
    const machines = new Set(logs.map(({ directory }) => machineIn(directory)));
    if (machines.size > 1) await this.#store.remote?.look(name);
    for (const log of logs) {
      const machine = machineIn(log.directory);
      const total = this.#totals.get(machine) ?? { logs: 0, bytes: 0, updatedMs: Number.NEGATIVE_INFINITY };
      this.#totals.set(machine, total);
      total.logs++;
      total.bytes += log.print.size;
      // Of one machine's session the catalog knows it; of several each log is asked.
      const ms = machines.size === 1 ? parseStamp(updated)?.ms : await this.#lastMs(log);
      total.updatedMs = Math.max(total.updatedMs, ms ?? Number.NEGATIVE_INFINITY);
    }
  }

  shown(): Record<string, MachineUsed> {
    const shown = Array.from(this.#totals, ([machine, { updatedMs, ...used }]): [string, MachineUsed] => {
      const own = this.#store.isOwn(machine);
      return [machine, { own, ...used, ...(Number.isFinite(updatedMs) && { updatedAt: isoTime(updatedMs) }) }];
    });
    return Object.fromEntries(shown);
  }

  /** Undefined: it cannot be read, which is told elsewhere. */
  async #lastMs({ directory, file }: SeenLog): Promise<number | undefined> {
    const { vfs, layout, unpacked } = this.#store;
    try {
      const open = vfs.open(await unpacked.readable(layout.fileIn(directory, file).path), "read");
      try {
        return (await reaching(() => lastStamp(open, open.stat().size)))?.ms;
      } finally {
        open.close();
      }
    } catch (error) {
      if (!(error instanceof StoreError) && errno(error) === undefined) throw error;
      return undefined;
    }
  }
}
