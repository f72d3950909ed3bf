// The leases that an open store holds. One timer looks after all of them, while there is one.
import { join } from "node:path";
import { giveWay } from "../base/turn.ts";
import { ASIDE_STAYS_MS } from "./aside.ts";
import { judge } from "./lease-holder.ts";
import { endClaim, LOCK_ENDING, readClaim } from "./lease-lock.ts";
import { ticketsOf } from "./lease-tickets.ts";
import { Lease } from "./lease.ts";
import type { LeaseModule, LeaseOwner, LeaseRoom } from "./lease.ts";
import type { Layout } from "./names.ts";
import type { Vfs } from "./vfs.ts";

const TICK_MS = 25;
/** A tick that comes so late was held up: by a long turn, or because we were stopped. */
const LATE_MS = 250;
const MOST_TICK_MS = 8;

export class Leases implements LeaseRoom {
  readonly vfs: Vfs;
  readonly busyTimeoutMs: number;
  module: LeaseModule | undefined;
  readonly #directory: string;
  readonly #asked: string;
  readonly #aside: string;
  readonly #held = new Set<Lease>();
  #isSwept = false;
  #timer: NodeJS.Timeout | undefined;
  #tickedAt = 0;

  /** Each machine writes to logs of its own, and has leases of its own. */
  constructor(vfs: Vfs, layout: Layout, machine: string, busyTimeoutMs: number) {
    this.vfs = vfs;
    this.busyTimeoutMs = busyTimeoutMs;
    this.#directory = join(layout.leases, machine);
    this.#asked = join(this.#directory, "asked");
    this.#aside = join(this.#directory, "aside");
  }

  /** The lease of the session with this file name, for one who writes to it. */
  of(name: string, owner: LeaseOwner): Lease {
    const paths = {
      lock: join(this.#directory, name + LOCK_ENDING),
      asked: this.#asked,
      aside: this.#aside,
    };
    return new Lease(this, name, paths, owner);
  }

  /** True when somebody has the lease, we among others, or may have. Nobody is asked to give it up. */
  isLive(name: string): boolean {
    const claim = readClaim(this.vfs, join(this.#directory, name + LOCK_ENDING));
    if (claim === undefined) return false;
    return claim.holder === undefined || judge(this.vfs, claim.holder, claim.heartbeatMs) !== "dead";
  }

  async load(): Promise<void> {
    this.module ??= await import("./lease-module.ts");
  }

  add(lease: Lease): void {
    this.#held.add(lease);
    if (this.#timer !== undefined) return;
    this.#tickedAt = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  remove(lease: Lease): void {
    this.#held.delete(lease);
    if (this.#held.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  close(): void {
    for (const lease of this.#held) lease.giveUp();
  }

  /** Runs an operation on the log of a session with this name, unless another one writes to it. */
  async exclusively(name: string, operation: () => Promise<void>): Promise<void> {
    await this.load();
    const lease = this.of(name, { id: name, taken: () => undefined, settle: () => undefined });
    if (!lease.takeNow()) return;
    lease.pin();
    try {
      await operation();
    } finally {
      lease.unpin();
      lease.giveUp();
    }
  }

  /** No look at a log serves any more. */
  doubt(): void {
    for (const lease of this.#held) lease.doubt();
  }

  /** Removes what processes left that ended without a close(), once for an open store that writes. */
  async sweep(): Promise<void> {
    if (this.#isSwept) return;
    this.#isSwept = true;
    for await (const name of this.vfs.streamNames(this.#directory)) {
      await giveWay();
      if (!name.endsWith(LOCK_ENDING)) continue;
      const lock = join(this.#directory, name);
      const claim = readClaim(this.vfs, lock);
      if (claim?.holder === undefined || judge(this.vfs, claim.holder, claim.heartbeatMs) !== "dead") continue;
      endClaim(this.vfs, lock, claim.token);
    }
    for (const token of this.vfs.names(this.#aside)) {
      const path = join(this.#aside, token);
      if (Date.now() - (this.vfs.stat(path)?.mtimeMs ?? Date.now()) > ASIDE_STAYS_MS) endClaim(this.vfs, path, token);
    }
  }

  #tick(): void {
    const now = performance.now();
    const isLate = now - this.#tickedAt > LATE_MS;
    this.#tickedAt = now;
    let asked: readonly string[] = [];
    try {
      asked = this.vfs.names(this.#asked);
    } catch {
      // No file is left to open: who waits, waits until we are idle.
    }
    for (const lease of this.#held) {
      // A thousand that are idle are not given up in one turn of the loop.
      if (performance.now() - now > MOST_TICK_MS) break;
      try {
        lease.tick(now, ticketsOf(asked, lease.name).length > 0, isLate);
      } catch {
        // What cannot be looked at now is looked at before the next write.
      }
    }
  }
}
