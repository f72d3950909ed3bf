// What one who wants a lock knows of who has it.
import { StoreError } from "../base/errors.ts";
import { judge, thisThread } from "./lease-holder.ts";
import type { Holder } from "./lease-holder.ts";
import { endClaim, readClaim } from "./lease-lock.ts";
import type { Claim } from "./lease-lock.ts";
import type { Vfs } from "./vfs.ts";

/** A heartbeat from elsewhere that stood still for so long, by our own clock, has stopped. */
const STILL_MS = 30_000;
/** So long a holder that was seen alive is not judged again. */
const JUDGED_MS = 50;
const MOST_TRIES = 3;

/** Tokens of locks that this thread gave up and could not remove. */
const abandoned = new Set<string>();

interface Seen extends Claim {
  /** Since when the heartbeat stands still, and when the holder was judged, by our own clock. */
  readonly since: number;
  readonly judgedAt: number;
}

export class Rival {
  readonly #vfs: Vfs;
  readonly #lock: string;
  #seen: Seen | undefined;

  constructor(vfs: Vfs, lock: string) {
    this.#vfs = vfs;
    this.#lock = lock;
  }

  /** True: nobody has the lock, or nobody any more. */
  isGone(): boolean {
    const now = performance.now();
    const claim = readClaim(this.#vfs, this.#lock);
    const before = claim !== undefined && this.#seen?.token === claim.token ? this.#seen : undefined;
    if (before !== undefined && now - before.judgedAt < JUDGED_MS) return false;
    this.#seen = undefined;
    if (claim === undefined) return true;
    const since = before?.heartbeatMs === claim.heartbeatMs ? before.since : now;
    if (!this.#isDead(claim, now - since)) {
      this.#seen = { ...claim, since, judgedAt: now };
      return false;
    }
    endClaim(this.#vfs, this.#lock, claim.token);
    abandoned.delete(claim.token);
    return true;
  }

  #isDead({ token, holder, heartbeatMs }: Claim, stillMs: number): boolean {
    if (abandoned.has(token)) return true;
    const verdict = holder === undefined ? "unknown" : judge(this.#vfs, holder, heartbeatMs);
    return verdict === "dead" || (verdict === "unknown" && stillMs >= STILL_MS);
  }

  /** A lock of ours that cannot be removed now must not keep us out later. */
  abandon(token: string): void {
    for (let tries = 1; tries <= MOST_TRIES; tries++) {
      try {
        endClaim(this.#vfs, this.#lock, token);
        return;
      } catch {
        // Once more.
      }
    }
    abandoned.add(token);
  }

  /** SESSION_BUSY, for people and for programs. */
  error(session: string): StoreError {
    const holder = this.#seen?.holder;
    const who = holder === undefined ? "its lease does not tell who" : nameOf(holder, this.#vfs);
    const details = holder && { host: holder.host, pid: holder.pid, thread: holder.thread, since: holder.since };
    return new StoreError("SESSION_BUSY", `another one writes to session ${JSON.stringify(session)}: ${who}`, {
      session,
      path: this.#lock,
      written: "no",
      holder: details,
    });
  }
}

function nameOf({ host, pid, thread, since, boot, namespace }: Holder, vfs: Vfs): string {
  const own = thisThread(vfs);
  const isHere = own.host === host && own.pid === pid && own.boot === boot && own.namespace === namespace;
  const where = thread === 0 ? "" : `thread ${thread} of `;
  return `${where}process ${pid}${isHere ? " (this one)" : ""} on ${host}, since ${since}`;
}
