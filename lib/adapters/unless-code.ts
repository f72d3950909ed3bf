import { StoreError } from "../base/errors.ts";
import type { StoreErrorCode } from "../base/errors.ts";

/** What the call gives, or undefined where it fails with this code. */
export async function unlessCode<T>(code: StoreErrorCode, call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof StoreError && error.code === code) return undefined;
    throw error;
  }
}

/** What is given, and nothing where the session, or what is asked for in it, is not there. */
export async function* ifThere<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== "NOT_FOUND") throw error;
  }
}
