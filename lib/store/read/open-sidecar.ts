// A session's sidecar, open. Whatever is wrong with it, there is none: it is never the reason for an error.
import { relative } from "node:path";
import { Slot } from "../../disk/descriptors.ts";
import type { OpenFile } from "../../disk/descriptors.ts";
import type { SavedLog } from "../../indexes/offsets/layout.ts";
import type { Meta } from "../../indexes/offsets/meta.ts";
import { Paged } from "../../indexes/offsets/paged.ts";
import { BadSidecarError, readMeta, Sidecar } from "../../indexes/offsets/sidecar.ts";
import { parseStamp } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import type { Log } from "../../log/log.ts";
import type { ProblemCode } from "../../log/pieces.ts";
import type { SessionState } from "../session-state.ts";
import type { StoreState } from "../state.ts";

/** A session whose logs are shorter is read as soon as its sidecar would be. */
export const LEAST_BYTES: number = 64 * 1024;

/** So many blocks are in memory where all of them are gone through. */
const WALK_BLOCKS = 8;

/** The file stays open, whatever becomes of its name, until it is released. */
export interface PinnedSidecar {
  readonly reading: Paged;
  release(): void;
}

export class OpenSidecar {
  readonly sidecar: Sidecar;
  readonly reading: Paged;
  /** Of each log, in the order of the session's logs. */
  readonly logs: readonly SavedLog<ProblemCode>[];
  /** When it was written, by the clock of the file system. */
  readonly writtenMs: number;
  readonly #store: StoreState;
  readonly #meta: Meta;
  readonly #slot: Slot;
  readonly #dev: number;
  readonly #ino: number;

  private constructor(store: StoreState, slot: Slot, open: OpenFile) {
    const { size, mtimeMs } = open.stat;
    const meta = readMeta(open.file, size);
    if (meta === undefined) throw new BadSidecarError();
    this.#store = store;
    this.#meta = meta;
    this.#slot = slot;
    this.#dev = open.dev;
    this.#ino = open.ino;
    this.writtenMs = mtimeMs;
    this.sidecar = new Sidecar(meta, () => this.#open().file);
    this.reading = new Paged(this.sidecar);
    this.logs = meta.text.logs as readonly SavedLog<ProblemCode>[];
  }

  /** Undefined: there is none, or it is another session's, another machine's, or of other logs. */
  static of(session: SessionState): OpenSidecar | undefined {
    const { store } = session;
    const slot = new Slot(store.layout.sidecar(session.name), "read");
    try {
      const open = new OpenSidecar(store, slot, store.descriptors.get(slot));
      session.expect(open.#ownLastOf(session));
      if (open.#isOf(session)) return open;
    } catch {
      // There is none, or it cannot be read.
    }
    store.descriptors.drop(slot);
    return undefined;
  }

  /** The file stays open until the answer is there. */
  async pinned<T>(use: (sidecar: Sidecar) => Promise<T>): Promise<T> {
    const open = this.#open().pin();
    try {
      return await use(this.sidecar);
    } finally {
      open.unpin();
    }
  }

  /** For one who goes through all of it. Throws BadSidecarError where another file has its name by now. */
  pin(): PinnedSidecar {
    const open = this.#open().pin();
    const sidecar = new Sidecar(this.#meta, () => open.file);
    return { reading: new Paged(sidecar, WALK_BLOCKS), release: () => open.unpin() };
  }

  close(): void {
    this.#store.descriptors.drop(this.#slot);
  }

  /** What this machine's logs of the session had, even if they are others by now. */
  #ownLastOf({ id, store }: SessionState): Stamp | undefined {
    const { session, machine, ownLast } = this.sidecar.text;
    return session === id && machine === store.machine ? parseStamp(ownLast) : undefined;
  }

  #isOf({ id, store, logs }: SessionState): boolean {
    const { session, machine } = this.sidecar.text;
    if (session !== id || machine !== store.machine || logs.length !== this.logs.length) return false;
    return logs.every((log, number) => this.logs[number]?.path === pathOf(store, log));
  }

  /** The same file again: another one may have its name by now, or none. */
  #open(): OpenFile {
    const open = this.#store.descriptors.get(this.#slot);
    if (open.ino !== this.#ino || open.dev !== this.#dev) throw new BadSidecarError();
    return open;
  }
}

export function pathOf({ layout }: StoreState, log: Log): string {
  return relative(layout.sessions, log.path);
}
