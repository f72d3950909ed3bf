// A store in files is what every store must be.
import "./helpers/in-memory.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, test } from "vitest";
import { openStore } from "../lib/index.ts";
import { conformance } from "../lib/testing/index.ts";
import type { Backend } from "../lib/testing/index.ts";
import { filesWith } from "./helpers/stores.ts";

const directories: string[] = [];
const paths = new WeakMap<object, string>();

const backend: Required<Backend> = {
  async create(options) {
    const path = mkdtempSync(join(tmpdir(), "turnlog-conformance-"));
    directories.push(path);
    const store = await openStore<any, any>(path, options);
    paths.set(store, path);
    return store;
  },
  async reopen(store, options) {
    const path = paths.get(store) as string;
    const again = await openStore<any, any>(path, options);
    paths.set(again, path);
    return again;
  },
  holds: (store, text) => Promise.resolve(filesWith(paths.get(store) as string, text).length > 0),
};

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

test.each(conformance().map((each) => [`${each.group}: ${each.name}`, each] as const))("%s", async (_, { run }) => {
  await run(backend);
});
