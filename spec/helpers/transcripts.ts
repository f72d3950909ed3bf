// Sessions that are written for a tool, and what every file of Claude Code's is.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { ExportFormat, Store } from "../../lib/index.ts";
import type { Stores } from "./stores.ts";

/** The store's sessions, written in a format and read again into a fresh store. */
export async function again(
  stores: Stores,
  store: Store<any, any>,
  format: ExportFormat,
): Promise<{ other: Store<any, any>; path: string }> {
  const isFile = format === "json" || format === "ndjson";
  const path = join(stores.unverified(), isFile ? "all" : "");
  expect((await store.exportTo(path, { format })).problems).toEqual([]);
  const other = await stores.open();
  const report = await other.importFrom("auto", { path });
  expect([report.source, report.problems]).toEqual([isFile ? "turnlog" : format, []]);
  return { other, path };
}

export function recordsIn(path: string): any[] {
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** Each line follows one before it, and no two have one name. */
export function expectChain(lines: readonly any[]): void {
  const seen = new Set<string>();
  for (const { uuid, parentUuid } of lines.filter((line) => line.uuid !== undefined)) {
    if (parentUuid !== null) expect(seen).toContain(parentUuid);
    expect(seen).not.toContain(uuid);
    seen.add(uuid);
  }
}
