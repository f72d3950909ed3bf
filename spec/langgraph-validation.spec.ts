// LangGraph's own suite for checkpointers, all of it.
import { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { langGraphSaver } from "../lib/adapters/langgraph.ts";
import { openStore } from "../lib/index.ts";
import type { Store } from "../lib/index.ts";

// The suite takes the test runner from the global scope.
Object.assign(globalThis, { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it });
const { deltaChannelHistoryTests, specTest } = await import("@langchain/langgraph-checkpoint-validation");

const directory = mkdtempSync(join(tmpdir(), "turnlog-spec-"));
afterAll(() => rmSync(directory, { recursive: true }));
const stores = new Map<BaseCheckpointSaver, Store>();
let made = 0;
const initializer = {
  checkpointerName: "turnlog",
  async createCheckpointer(): Promise<BaseCheckpointSaver> {
    const store = await openStore(join(directory, String(made++)));
    const saver = langGraphSaver(store, BaseCheckpointSaver);
    stores.set(saver, store);
    return saver;
  },
  async destroyCheckpointer(saver: BaseCheckpointSaver): Promise<void> {
    await stores.get(saver)?.close();
  },
};

specTest(initializer);
deltaChannelHistoryTests(initializer);
