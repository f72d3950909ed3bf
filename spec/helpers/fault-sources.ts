// What is imported in the fault and crash specs.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { message } from "./fault-model.ts";
import type { ModelSession } from "./fault-model.ts";

/** Where importers find a session of one message, the same session with two, and another one. */
const SOURCES = mkdtempSync(join(tmpdir(), "turnlog-source-"));
process.once("exit", () => rmSync(SOURCES, { recursive: true, force: true }));
const SAID = [
  { role: "user", content: "Which fern is it?" },
  { role: "assistant", content: "The tall one." },
];

/** Sessions that come from elsewhere have ids for their messages that we do not know: they are compared by their order. */
export function isImported(id: string): boolean {
  return id.startsWith("imported");
}

function source(key: string, count: number): { path: string } {
  const path = mkdtempSync(join(SOURCES, "picoclaw-"));
  const lines = SAID.slice(0, count).map((each) => `${JSON.stringify(each)}\n`);
  writeFileSync(join(path, `${key}.jsonl`), lines.join(""));
  return { path };
}

export function imported(count: number): ModelSession {
  return { messages: SAID.slice(0, count).map((data, n) => message(String(n), data)) };
}

export const FIRST_SOURCE = source("imported", 1);
export const GROWN_SOURCE = source("imported", 2);
export const OTHER_SOURCE = source("imported-2", 2);
