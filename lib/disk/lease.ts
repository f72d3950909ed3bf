// One writer at a time for a session and machine. A lease is kept while appends come, so that an append costs a compare
// of numbers; it is given up when nothing was written for a while, when another one asks for it, and at close. Whoever
// holds it looks whether it is still theirs when the last look is old: before they write, after a sleep too. What a
// sleep between that look and the write can do is a branch, never a lost line.
import { setTimeout as sleep } from "node:timers/promises";
import { errno, ioError } from "../base/errors.ts";
import type { LeaseHolder } from "../base/errors.ts";
import { endClaim, LockFiles, readClaim } from "./lease-lock.ts";
import type { LeasePaths } from "./lease-lock.ts";
import type { lockSync } from "./lease-module.ts";
import { Rival } from "./lease-rival.ts";
import { Ticket, ticketsOf } from "./lease-tickets.ts";
import type { Vfs } from "./vfs.ts";

/** A look at the lease, and at the log, serves for so long. */
const LOOK_MS = 25;
/** So long a holder may go on that is asked for the lease: to hand it over takes some milliseconds, too. */
const TURN_MS = 25;
const IDLE_MS = 1000;
const HEARTBEAT_MS = 2000;
/** How often the first in the line looks, and those after it. */
const FIRST_POLL_MS = 2;
const POLL_MS = 10;
/** So often it is tried at once, and so long with pauses, where somebody removes the cache all the time. */
const MOST_TRIES = 100;
const REMOVED_MS = 2000;

/** Whose lease it is. */
export interface LeaseOwner {
  readonly id: string;
  /** Others may have written until now: no earlier look at the log serves. */
  taken(): void;
  /** What was written on trust is looked after. */
  settle(): void;
}

/** What is loaded with the first lease. */
export interface LeaseModule {
  readonly lockSync: typeof lockSync;
  readonly threadId: number;
}

/** What the leases of an open store have in common. */
export interface LeaseRoom {
  readonly vfs: Vfs;
  readonly busyTimeoutMs: number;
  readonly module: LeaseModule | undefined;
  load(): Promise<void>;
  add(lease: Lease): void;
  remove(lease: Lease): void;
}

interface Held {
  readonly files: LockFiles;
  readonly release: () => void;
  readonly since: number;
}

/** The leases that this thread holds, by the paths of their locks: within it no file need be asked. */
const here = new Map<string, Lease>();

export class Lease {
  readonly name: string;
  readonly #room: LeaseRoom;
  readonly #paths: LeasePaths;
  readonly #owner: LeaseOwner;
  #held: Held | undefined;
  /** Not a number: no look serves. */
  #lookedAt: number = Number.NaN;
  /** The same by our own clock. */
  #seenAt = 0;
  #isUsed = false;
  #usedAt = 0;
  #pins = 0;
  #isAsked = false;
  readonly #rival: Rival;

  constructor(room: LeaseRoom, name: string, paths: LeasePaths, owner: LeaseOwner) {
    this.#room = room;
    this.name = name;
    this.#paths = paths;
    this.#owner = owner;
    this.#rival = new Rival(room.vfs, paths.lock);
  }

  /**
   * True while the last look serves. `now` is the wall clock, which has moved on when a machine slept; our own clock has
   * when a process was stopped, whatever somebody set the wall clock to.
   */
  isFresh(now: number): boolean {
    const age = now - this.#lookedAt;
    if (!(age >= 0 && age < LOOK_MS && performance.now() - this.#seenAt < LOOK_MS)) return false;
    this.#isUsed = true;
    return true;
  }

  /** The log is as it was known, at this time. */
  looked(now: number): void {
    if (this.#held === undefined) return;
    this.#lookedAt = now;
    this.#seenAt = performance.now();
  }

  doubt(): void {
    this.#lookedAt = Number.NaN;
  }

  get isTrusted(): boolean {
    return !Number.isNaN(this.#lookedAt);
  }

  /** True: it is ours, as a look has shown just now. False: another one has it, or nobody has asked for one before. */
  takeNow(isOurTurn = false): boolean {
    this.#isUsed = true;
    if (this.#held?.files.isOurs) return true;
    this.#lost();
    const { module } = this.#room;
    if (module === undefined) return false;
    const rival = here.get(this.#paths.lock);
    if (rival !== undefined) rival.#makeWay();
    if (!this.#rival.isGone()) return false;
    // Those who wait for it come first: whoever has waited does so with a ticket.
    const { vfs } = this.#room;
    return (isOurTurn || ticketsOf(vfs.names(this.#paths.asked), this.name).length === 0) && this.#acquire(module);
  }

  /** Waits until it is ours. Throws SESSION_BUSY when that takes longer than `busyTimeoutMs`. */
  async take(): Promise<void> {
    if (this.isFresh(Date.now())) return;
    const end = performance.now() + REMOVED_MS;
    for (;;) {
      try {
        await this.#room.load();
        if (!this.takeNow()) await this.#wait();
        return;
      } catch (cause) {
        const { id } = this.#owner;
        if (errno(cause) !== "ENOENT" || performance.now() >= end)
          throw ioError(cause, "take the lease of the session", { session: id, path: this.#paths.lock, written: "no" });
        await sleep(FIRST_POLL_MS * (0.5 + Math.random()));
      }
    }
  }

  async #wait(): Promise<void> {
    const { vfs, busyTimeoutMs } = this.#room;
    const end = performance.now() + busyTimeoutMs;
    const ticket = new Ticket(vfs, this.#paths.asked, this.name);
    try {
      for (let now = performance.now(); now < end; now = performance.now()) {
        ticket.renew(now);
        if (ticket.isNext(now, this.#rival.isGone()) && this.takeNow(true)) return;
        const pause = ticket.before === 0 ? FIRST_POLL_MS : POLL_MS;
        await sleep(Math.min(pause * (0.5 + Math.random()), end - now));
      }
      // At last without manners: who came first may be gone.
      if (!this.takeNow(true)) throw this.#rival.error(this.#owner.id);
    } finally {
      ticket.end();
    }
  }

  /** In the middle of an operation, before it writes: throws SESSION_BUSY if the lease is another's by now. */
  check(): void {
    if (!this.takeNow()) throw this.#rival.error(this.#owner.id);
  }

  /** As long as it is pinned it is not given up. */
  pin(): void {
    this.#pins++;
  }

  unpin(): void {
    this.#pins--;
    this.#isUsed = true;
    if (this.#isAsked) this.#makeWayInTurn(performance.now());
  }

  /** Called every few milliseconds while it is held. `isLate`: we may have slept. */
  tick(now: number, isAsked: boolean, isLate: boolean): void {
    this.#owner.settle();
    if (isLate && this.#held?.files.isOurs === false) return this.#lost();
    if (this.#isUsed) this.#usedAt = now;
    this.#isUsed = false;
    this.#isAsked ||= isAsked;
    if (this.#pins > 0) return;
    if (this.#isAsked) this.#makeWayInTurn(now);
    else if (now - this.#usedAt >= IDLE_MS) this.giveUp();
  }

  /** Gives it up, unless an operation is under way. */
  letGo(): void {
    if (this.#pins === 0) this.giveUp();
  }

  giveUp(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#owner.settle();
    this.#forget();
    try {
      held.release();
    } catch {
      this.#rival.abandon(held.files.token);
    }
  }

  /** Takes the lease from whoever has it. -> who that was; undefined: nobody had it */
  break(): LeaseHolder | undefined {
    const claim = readClaim(this.#room.vfs, this.#paths.lock);
    this.giveUp();
    if (claim === undefined) return undefined;
    endClaim(this.#room.vfs, this.#paths.lock, claim.token);
    const since = new Date(claim.heartbeatMs).toISOString();
    const { host, pid, thread, since: from } = claim.holder ?? { host: "unknown", pid: 0, thread: 0, since };
    return { host, pid, thread, since: from };
  }

  /** Another store of this thread wants it. */
  #makeWay(): void {
    this.#isAsked = true;
    this.letGo();
  }

  #makeWayInTurn(now: number): void {
    if (this.#held === undefined || this.#pins > 0 || now - this.#held.since < TURN_MS) return;
    this.giveUp();
  }

  /** It was taken from us, or removed with the cache. */
  #lost(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#forget();
    try {
      // Ends the heartbeat; the lock of another one has another token.
      held.release();
    } catch {
      // proper-lockfile has noticed before us.
    }
  }

  #forget(): void {
    this.#held = undefined;
    this.#lookedAt = Number.NaN;
    this.#isAsked = false;
    if (here.get(this.#paths.lock) === this) here.delete(this.#paths.lock);
    this.#room.remove(this);
  }

  /** False: another one was faster. */
  #acquire(module: LeaseModule): boolean {
    for (let tries = 1; ; tries++) {
      try {
        this.#lock(module);
        return true;
      } catch (error) {
        if (errno(error) === "ELOCKED") return false;
        // Somebody removes the cache, with the lock that was just made in it.
        if (errno(error) !== "ENOENT" || tries === MOST_TRIES) throw error;
      }
    }
  }

  #lock({ lockSync, threadId }: LeaseModule): void {
    const { lock } = this.#paths;
    const files = new LockFiles(this.#room.vfs, this.#paths, threadId);
    let release: () => void;
    try {
      release = lockSync(`${lock}/${files.token}`, {
        lockfilePath: lock,
        realpath: false,
        // Never by the wall clock: who is dead is our decision.
        stale: Number.POSITIVE_INFINITY,
        update: HEARTBEAT_MS,
        fs: files,
        onCompromised: () => {
          if (this.#held?.files === files) this.#lost();
        },
      });
    } catch (error) {
      // The lock may have its name already, though its first heartbeat failed.
      if (errno(error) !== "ELOCKED") this.#rival.abandon(files.token);
      throw error;
    }
    const since = performance.now();
    this.#held = { files, release, since };
    this.#usedAt = since;
    here.set(lock, this);
    this.#room.add(this);
    this.#owner.taken();
  }
}
