// One case of the suite: a body with what it needs at hand, and after it everything closed and removed that it made.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StoreOptions } from "../index.ts";
import type { Backend, TestedStore } from "./backend.ts";

/** Something that holds of every store. */
export interface Case {
  readonly group: string;
  readonly name: string;
  /** It opens one store several times, so it needs a backend with `reopen`. */
  readonly reopens: boolean;
  /** Rejects with what is wrong: an AssertionError, or whatever the store threw. */
  readonly run: (backend: Backend) => Promise<void>;
}

/** What a body has at hand. */
export interface Bench {
  readonly create: (options?: StoreOptions) => Promise<TestedStore>;
  readonly reopen: (store: TestedStore, options?: StoreOptions) => Promise<TestedStore>;
  /** False where nobody can tell. */
  readonly holds: (store: TestedStore, text: string) => Promise<boolean>;
  /** An empty directory. */
  readonly directory: () => Promise<string>;
}

type Body = (bench: Bench) => Promise<void>;

export type Define = ((name: string, body: Body) => void) & {
  /** A case that opens its store more than once. */
  reopening(name: string, body: Body): void;
};

/** The cases of one group, in the order in which they are defined. */
export function group(group: string, define: (test: Define) => void): Case[] {
  const cases: Case[] = [];
  const add = (name: string, reopens: boolean, body: Body): void => {
    cases.push({ group, name, reopens, run: (backend) => run(backend, reopens, body) });
  };
  const test = (name: string, body: Body): void => add(name, false, body);
  define(Object.assign(test, { reopening: (name: string, body: Body) => add(name, true, body) }));
  return cases;
}

async function run(backend: Backend, reopens: boolean, body: Body): Promise<void> {
  const stores: TestedStore[] = [];
  const directories: string[] = [];
  const opened = (store: TestedStore): TestedStore => {
    stores.push(store);
    return store;
  };
  let hasReopened = false;
  const bench: Bench = {
    create: async (options) => opened(await backend.create(options)),
    async reopen(store, options) {
      assert.ok(reopens, "a case that opens a store again must say so");
      assert.ok(backend.reopen !== undefined, "this case needs a backend with reopen()");
      hasReopened = true;
      return opened(await backend.reopen(store, options));
    },
    holds: async (store, text) => (await backend.holds?.(store, text)) ?? false,
    async directory() {
      const path = await mkdtemp(join(tmpdir(), "turnlog-case-"));
      directories.push(path);
      return path;
    },
  };
  try {
    await body(bench);
    assert.equal(hasReopened, reopens, "whether a store is opened again is known beforehand");
  } finally {
    // The last first: what the others wait for is let go.
    for (const store of stores.toReversed()) await store.close();
    for (const path of directories) await rm(path, { recursive: true, force: true });
  }
}
