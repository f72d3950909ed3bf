// Drivers are the caller's: each is loaded when a database of its kind is opened.
import { StoreError } from "../../base/errors.ts";

/** A package that may not be installed; most of them are CommonJS, whose exports may all be on `default`. */
export async function driver<T extends object>(name: string, load: () => Promise<unknown>): Promise<T> {
  const loaded = await found<T>(load);
  if (loaded !== undefined) return loaded;
  throw new StoreError("IO", `a store in this database takes the package ${name}: npm install ${name}`);
}

/** Undefined: it is not installed, or not for this machine. */
export async function found<T extends object>(load: () => Promise<unknown>): Promise<T | undefined> {
  try {
    const loaded = (await load()) as T & { default?: T };
    return { ...loaded.default, ...loaded };
  } catch {
    return undefined;
  }
}
