// Writes what is known of a session beside its logs, in steps, while the session goes on.
//
//   1. the fold is frozen and the logs are looked at, in one step: they are as they are known
//   2. the bytes of the logs that are not checksummed yet are read back
//   3. all is written aside; nothing is synced, since what a crash leaves does not fit its checksums
//   4. the logs have only grown since, so it gets its name      crash before: the old one stands, or none
import { dirname } from "node:path";
import { Aside } from "../../disk/aside.ts";
import { fingerprintOf, isRacy, isSameFile } from "../../disk/fingerprint.ts";
import type { Fingerprint } from "../../disk/fingerprint.ts";
import { encodeSidecar } from "../../indexes/offsets/encode.ts";
import type { SavedLog } from "../../indexes/offsets/layout.ts";
import type { Fold } from "../../line/fold.ts";
import { freeze } from "../../line/frozen.ts";
import type { FrozenFold } from "../../line/frozen.ts";
import type { Log } from "../../log/log.ts";
import { formatStamp } from "../../line/stamp.ts";
import { prefixOf } from "../../log/prefix.ts";
import { giveWay } from "../../base/turn.ts";
import { LEAST_BYTES, pathOf } from "./open-sidecar.ts";
import { ownLastOf } from "../check/own-last.ts";
import type { SessionState } from "../session-state.ts";

/** A time that no file has. */
const RACY = -1;

/** A log at the moment when the fold was frozen. */
interface Moment {
  readonly log: Log;
  readonly saved: Omit<SavedLog, "crc">;
  readonly seen: Fingerprint;
}

export class SidecarSave {
  readonly #session: SessionState;
  readonly #fold: Fold;
  readonly #frozen: FrozenFold;
  readonly #moments: readonly Moment[];
  readonly #ownLast: string | undefined;

  private constructor(session: SessionState, fold: Fold) {
    this.#session = session;
    this.#fold = fold;
    this.#frozen = freeze(fold);
    const ownLast = ownLastOf(session, fold);
    this.#ownLast = ownLast && formatStamp(ownLast);
    this.#moments = session.logs.map((log) => momentOf(session, log));
  }

  /** Undefined: there is nothing to save, or not now. */
  static begin(session: SessionState): SidecarSave | undefined {
    const { fold, logs, store } = session;
    if (fold?.last === undefined || session.loading !== undefined || session.damage !== undefined) return undefined;
    if (logs.reduce((sum, { covered }) => sum + covered, 0) < LEAST_BYTES) return undefined;
    // What is in the fold must be in the checksum.
    if (logs.some(({ isAhead }) => isAhead)) return undefined;
    try {
      if (!logs.every((log) => log.look(store.vfs) === "same")) return undefined;
      // Its rows name the logs by number: only in the order in which a look-up finds them do others know these numbers.
      const places = store.locator.find(session.name);
      if (places.length !== logs.length || !places.every(({ path }, number) => path === logs[number]?.place))
        return undefined;
    } catch {
      return undefined;
    }
    return new SidecarSave(session, fold);
  }

  /** Never rejects: without a sidecar all goes on as before. True: it is written. */
  async run(): Promise<boolean> {
    try {
      return await this.#write();
    } catch {
      return false;
    }
  }

  async #write(): Promise<boolean> {
    const { id, name, store, sidecar } = this.#session;
    const logs: SavedLog[] = [];
    for (const moment of this.#moments) {
      const crc = await this.#checksum(moment);
      if (crc === undefined) return false;
      logs.push({ ...moment.saved, crc });
    }
    const path = store.layout.sidecar(name);
    const aside = new Aside(store.vfs, store.layout.aside);
    try {
      const owner = { session: id, machine: store.machine, logs, ownLast: this.#ownLast };
      for (const bytes of encodeSidecar(this.#frozen, owner)) {
        if (bytes instanceof Uint8Array && bytes.length > 0)
          aside.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
        await giveWay();
      }
      if (!this.#hasOnlyGrown()) return false;
      store.vfs.makeDirectory(dirname(path));
      aside.replace(path);
    } finally {
      aside.discard();
    }
    sidecar.covered = logs.reduce((sum, { covered }) => sum + covered, 0);
    sidecar.isDistrusted = false;
    sidecar.isDoubted = false;
    sidecar.isRacy = this.#moments.some(({ saved }) => saved.ctimeMs === RACY);
    return true;
  }

  async #checksum({ log, saved, seen }: Moment): Promise<number | undefined> {
    const file = this.#session.store.vfs.open(log.path, "read");
    try {
      const { dev, ino } = file.stat();
      if (dev !== seen.dev || ino !== seen.ino || log.ino !== ino) return undefined;
      const prefix = await prefixOf(file, saved.covered, log.prefix);
      if (prefix === undefined || log.ino !== ino) return undefined;
      log.prefix = prefix;
      return prefix.crc;
    } finally {
      file.close();
    }
  }

  /** True when what was frozen is still the beginning of what is there. */
  #hasOnlyGrown(): boolean {
    const { fold, store } = this.#session;
    if (fold !== this.#fold) return false;
    return this.#moments.every(({ log, seen }) => {
      const stat = store.vfs.stat(log.path);
      if (stat === undefined) return false;
      const now = fingerprintOf(stat);
      return isSameFile(now, seen) || (now.ino === seen.ino && now.dev === seen.dev && now.size > seen.size);
    });
  }
}

function momentOf({ store }: SessionState, log: Log): Moment {
  const { dev, ino, size, mtimeMs, ctimeMs, covered, endsClean } = log;
  const seen = { dev, ino, size, mtimeMs, ctimeMs };
  return {
    log,
    seen,
    saved: {
      path: pathOf(store, log),
      ...seen,
      // What changed a moment ago may change again without another time to show for it: only the checksum counts then.
      ctimeMs: isRacy(seen, Date.now()) ? RACY : ctimeMs,
      covered,
      endsClean,
      problems: [...log.problems],
      unsettled: [...log.unsettled],
      closed: [...log.closed],
    },
  };
}
