// Who waits for a lease stands in a line: each has a file, named by the session and by when they came. Who holds the
// lease sees from it that it is asked for; who comes later leaves it to who came first. The line is for good manners
// only: whoever was killed in it is passed over when the lock stays free.
import { join } from "node:path";
import { crypto } from "../base/crypto.ts";
import type { Vfs } from "./vfs.ts";

/** Is in no session's file name. */
const SEPARATOR = "@";
/** So long a free lock is left to each of those who came before. */
const GRACE_MS = 20;
/** Who waits makes sure so often that the ticket is there: it may have been passed over, or removed with the cache. */
const RENEW_MS = 25;

/** A place in the line of those who wait for one session's lease. */
export class Ticket {
  readonly #vfs: Vfs;
  readonly #directory: string;
  readonly #session: string;
  readonly #name: string;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #freeSince: number | undefined;

  constructor(vfs: Vfs, directory: string, session: string) {
    this.#vfs = vfs;
    this.#directory = directory;
    this.#session = session;
    const came = Date.now().toString(36).padStart(9, "0");
    this.#name = `${session}${SEPARATOR}${came}-${crypto().randomBytes(4).toString("hex")}`;
  }

  /** Makes sure that it is there, as far as that can be: who cannot be asked gives the lease up when they are idle. */
  renew(now: number): void {
    if (now - this.#renewedAt < RENEW_MS) return;
    this.#renewedAt = now;
    const path = join(this.#directory, this.#name);
    try {
      if (this.#vfs.stat(path) !== undefined) return;
      this.#vfs.makeDirectory(this.#directory);
      this.#vfs.open(path, "create").close();
    } catch {
      // It is tried again.
    }
  }

  /** How many came before. */
  get before(): number {
    return this.#earlier().length;
  }

  /** `isFree`: nobody has the lock now. True: it is for us to take. */
  isNext(now: number, isFree: boolean): boolean {
    this.#freeSince = isFree ? (this.#freeSince ?? now) : undefined;
    if (this.#freeSince === undefined) return false;
    const earlier = this.#earlier();
    if (now - this.#freeSince < earlier.length * GRACE_MS) return false;
    // Who is still there makes the ticket again.
    for (const name of earlier) this.#vfs.remove(join(this.#directory, name));
    return true;
  }

  end(): void {
    try {
      this.#vfs.remove(join(this.#directory, this.#name));
    } catch {
      // It is passed over.
    }
  }

  #earlier(): string[] {
    return ticketsOf(this.#vfs.names(this.#directory), this.#session).filter((name) => name < this.#name);
  }
}

/** Those of these names of files that are tickets for this session. */
export function ticketsOf(names: readonly string[], session: string): string[] {
  return names.filter((name) => name.startsWith(session + SEPARATOR));
}
