// What cases say again and again.
import assert from "node:assert/strict";
import type { TestedSession } from "./backend.ts";

/** Machines are slow at times: what is awaited comes long before this. */
const MOST_MS = 30_000;

const ARGUMENT_CODES = new Set([
  "INVALID_ARGUMENT",
  "INVALID_ID",
  "INVALID_MESSAGE",
  "INVALID_CURSOR",
  "LINE_TOO_LONG",
]);

/** It rejects, or throws, with this code: wrong calls are TypeErrors, all else is none. */
export async function fails(action: Promise<unknown> | (() => unknown), code: string): Promise<void> {
  await assert.rejects(
    async () => await (typeof action === "function" ? action() : action),
    (error: unknown) => {
      assert.ok(error instanceof Error);
      assert.equal((error as { code?: unknown }).code, code, error.stack);
      assert.equal(error instanceof TypeError, ARGUMENT_CODES.has(code), `${code} is of the other class`);
      return true;
    },
  );
}

/** Waits until it holds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const endsAt = Date.now() + MOST_MS; !(await holds()); await new Promise((done) => setTimeout(done, 5)))
    assert.ok(Date.now() < endsAt, `not within ${MOST_MS} ms: ${what}`);
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The ids of a history. */
export async function idsOf(session: TestedSession): Promise<string[]> {
  return (await session.history()).map(({ id }) => id);
}

/** Messages with these ids. */
export function named(...ids: readonly string[]): { id: string; text: string }[] {
  return ids.map((id) => ({ id, text: `text of ${id}` }));
}

/** How many lines the session has: a call that writes nothing leaves it. */
export async function linesOf(session: TestedSession): Promise<number> {
  return (await session.stats()).lines;
}

/** What is written after this has a later time than what was written before it: of two sessions of one millisecond neither is the newer. */
export async function later(): Promise<void> {
  for (const from = Date.now(); Date.now() < from + 2;) await new Promise((done) => setTimeout(done, 1));
}
