// Doing again what a conflict ended that passes. Two that met must not meet again: the pauses are of random lengths.
import { setTimeout as sleep } from "node:timers/promises";
import { RemovedError } from "./chunks.ts";
import { passing } from "./errors.ts";
import type { DialectName } from "./target.ts";

const MOST_TRIES = 12;
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 250;

export interface Patience {
  readonly dialect: DialectName;
  /** So long it is tried again while another has what is needed. */
  readonly busyTimeoutMs: number;
  /** A row or a table that is there already has come meanwhile. */
  readonly meetsOthers: boolean;
}

/** Runs it until it fails for good, or too often. `run` must have undone what it did when it rejects. */
export async function again<T>({ dialect, busyTimeoutMs, meetsOthers }: Patience, run: () => Promise<T>): Promise<T> {
  const start = performance.now();
  for (let tries = 1; ; tries++) {
    try {
      return await run();
    } catch (error) {
      const reason = error instanceof RemovedError ? "conflict" : passing(dialect, error);
      if (reason === undefined) throw error;
      if ((reason === "unique" || reason === "exists") && !meetsOthers) throw error;
      if (reason === "busy" ? performance.now() - start >= busyTimeoutMs : tries >= MOST_TRIES) throw error;
      const longest = Math.min(FIRST_PAUSE_MS * 2 ** tries, LONGEST_PAUSE_MS);
      await sleep(longest * (0.5 + Math.random() / 2));
    }
  }
}
