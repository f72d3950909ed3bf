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
