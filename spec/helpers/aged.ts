// Stores with sessions of many ages: made under a clock that was set back, with the times in their lines that it showed.
import { vi } from "vitest";
import { openStore } from "../../lib/index.ts";
import type { RetentionPolicy, Store } from "../../lib/index.ts";

export const DAY = 86_400_000;

/** Sets the clock to so many days before now. vi.useRealTimers() sets it right. */
export function daysAgo(days: number, now: number = Date.now()): void {
  vi.useFakeTimers({ toFake: ["Date"], now: now - days * DAY });
}

export interface Aged {
  readonly id: string;
  readonly days: number;
  readonly parent?: string;
  readonly pinned?: boolean;
  /** The size of its one message, about. */
  readonly bytes?: number;
}

/** Four sessions, the oldest first. */
export const FOUR: readonly Aged[] = [
  { id: "d", days: 40, bytes: 1000 },
  { id: "a", days: 10, bytes: 3000 },
  { id: "c", days: 30, bytes: 2000 },
  { id: "b", days: 20, bytes: 500 },
];

/** Makes sessions that were written to so many days ago, in a store that is closed then. -> the directory */
export async function agedStore(directory: string, given: readonly Aged[]): Promise<string> {
  const now = Date.now();
  for (const { id, days, bytes = 100, ...info } of given) {
    daysAgo(days, now);
    const store = await openStore<any, any>(directory);
    await store.createSession({ id, title: `title of ${id}`, ...info });
    await store.session(id).append({ id: "a", text: "x".repeat(bytes) });
    await store.close();
  }
  vi.useRealTimers();
  return directory;
}

/** The ids of what a policy would take. */
export async function planned(store: Store<any, any>, policy: RetentionPolicy): Promise<string[]> {
  return (await store.retention.plan(policy)).items.map(({ id }) => id);
}

/** The ids of the sessions that are there. */
export async function idsIn(store: Store<any, any>): Promise<string[]> {
  const ids: string[] = [];
  for await (const id of store.ids()) ids.push(id);
  return ids.sort();
}
