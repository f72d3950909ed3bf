// What an error of a store in a database shows to whoever logs it, in whatever way.
import { inspect } from "node:util";
import { expect } from "vitest";
import { StoreError } from "../../lib/index.ts";
import { openSqlStore } from "../../lib/sql.ts";
import type { SqlStoreOptions } from "../../lib/sql.ts";

/** It stands in a URL otherwise than it is. */
export const PASSWORD = "p@ss/w0rd:é";
export const WRITTEN = encodeURIComponent(PASSWORD);

export function shown(error: unknown): string {
  const { message, stack, cause } = error as Error;
  const json = JSON.stringify([error, cause]);
  return [
    message,
    stack,
    json,
    inspect(error, { depth: 10, showHidden: true }),
    inspect(cause, { showHidden: true }),
  ].join();
}

/** What `run` fails with, which names no password. */
export async function failureOf(run: () => Promise<unknown>): Promise<any> {
  const error: unknown = await run().then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(Error);
  expect(shown(error)).not.toContain(PASSWORD);
  expect(shown(error)).not.toContain(WRITTEN);
  return error;
}

/** What opening this target fails with. */
export async function refusal(target: unknown, options: SqlStoreOptions = {}): Promise<any> {
  return await failureOf(async () => {
    const store = await openSqlStore(target as string, options);
    await store.close();
  });
}

/** What a write fails with: typed, and it says what became of it. */
export async function failedWrite(run: () => Promise<unknown>): Promise<StoreError> {
  const error: unknown = await failureOf(run);
  expect(error).toBeInstanceOf(StoreError);
  expect(["no", "unknown"]).toContain((error as StoreError).written);
  return error as StoreError;
}
