// Two processes let go of names of one file at the same moment: it never loses both.
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { FileStat } from "../lib/disk/vfs.ts";
import { letGo } from "../lib/disk/taken.ts";
import type { LetGo } from "../lib/disk/taken.ts";
import { dropOld } from "../lib/log/old-log.ts";
import { FaultVfs } from "./helpers/fault-vfs.ts";
import type { Operation } from "./helpers/fault-vfs.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();

interface Scene {
  readonly vfs: FaultVfs;
  readonly log: string;
  readonly old: string;
  readonly aside: string;
}

/** A log with two names. */
function scene(): Scene {
  const directory = stores.unverified();
  const log = join(directory, "s.jsonl");
  const old = `${log}.old`;
  writeFileSync(log, "one line\n");
  linkSync(log, old);
  return { vfs: new FaultVfs(), log, old, aside: join(directory, "aside") };
}

/** Lets a name go that is not needed as long as the other one names the same file. */
function letGoBeside({ vfs, aside }: Scene, path: string, other: string): LetGo {
  return letGo(vfs, aside, path, ({ ino }: FileStat) => vfs.stat(other)?.ino === ino);
}

/** Runs `rival` before the operation with this number that a call does. -> how many operations there were */
function interrupted(vfs: FaultVfs, at: number, call: () => unknown, rival: () => unknown): number {
  let seen = 0;
  let isOver = false;
  vfs.fault = (_: Operation) => {
    if (++seen !== at || isOver) return undefined;
    isOver = true;
    vfs.fault = () => undefined;
    rival();
    return undefined;
  };
  call();
  vfs.fault = () => undefined;
  return seen;
}

test("of the two names of one file that are let go of at once one stays, wherever the one meets the other", () => {
  for (let at = 1; ; at++) {
    const each = scene();
    const { vfs, log, old, aside } = each;
    const seen = interrupted(
      vfs,
      at,
      () => letGoBeside(each, log, old),
      () => letGoBeside(each, old, log),
    );
    const left = [log, old].filter((path) => existsSync(path));
    expect(left.length, `before operation ${at}`).toBeGreaterThan(0);
    for (const path of left) expect(readFileSync(path, "utf8")).toBe("one line\n");
    expect(readdirSync(aside)).toEqual([]);
    if (seen < at) break;
  }
});

test("another file that has the name by now keeps it, and a third that takes it meanwhile stays as well", () => {
  const { vfs, log, old, aside } = scene();
  const { ino } = statSync(log);
  const isSpare = (stat: FileStat): boolean => stat.ino === ino;
  const other = (text: string) => (): void => {
    rmSync(log, { force: true });
    writeFileSync(log, text);
  };
  vfs.fault = (operation) => {
    if (operation === "rename") other("another log\n")();
    return undefined;
  };
  expect(letGo(vfs, aside, log, isSpare)).toBe("kept");
  expect(readFileSync(log, "utf8")).toBe("another log\n");
  rmSync(log);
  linkSync(old, log);
  vfs.fault = (operation) => {
    if (operation === "rename") other("another log\n")();
    if (operation === "link") writeFileSync(log, "a third\n");
    return undefined;
  };
  const outcome = letGo(vfs, aside, log, isSpare);
  expect(readFileSync(log, "utf8")).toBe("a third\n");
  expect(typeof outcome === "object" && readFileSync(outcome.aside, "utf8")).toBe("another log\n");
});

describe("an old log", () => {
  const line = (n: number): string =>
    `{"at":"2026-11-21T09:08:13.12${n}Z-0000-k3f9x2ab","type":"message","id":"m${n}","data":{}}\n`;

  test("to which somebody appends while it is let go of stays until that is in the log", async () => {
    const { vfs, log, old, aside } = scene();
    mkdirSync(aside);
    rmSync(log);
    writeFileSync(old, line(1) + line(2));
    writeFileSync(log, line(1));
    let late = 3;
    vfs.fault = (operation, path) => {
      if (operation === "rename" && path.startsWith(aside) && late < 6) writeFileSync(old, line(late++), { flag: "a" });
      return undefined;
    };
    const drained = line(1).length;
    expect(await dropOld(vfs, aside, { path: log, old, drained, replacedAt: 0 })).toBe(true);
    expect(readFileSync(log, "utf8")).toBe([1, 2, 3, 4, 5].map(line).join(""));
    expect(existsSync(old)).toBe(false);
    expect(readdirSync(aside)).toEqual([]);
  });

  test("without a log, and of which no archive has all, stays", async () => {
    const { vfs, log, old, aside } = scene();
    rmSync(log);
    const { size } = statSync(old);
    expect(await dropOld(vfs, aside, { path: log, old, drained: size, replacedAt: 0 })).toBe(false);
    expect(await dropOld(vfs, aside, { path: log, old, drained: size, replacedAt: 0, packed: `${log}.gz` })).toBe(
      false,
    );
    expect(existsSync(old)).toBe(true);
    writeFileSync(`${log}.gz`, "all of it");
    expect(await dropOld(vfs, aside, { path: log, old, drained: size, replacedAt: 0, packed: `${log}.gz` })).toBe(true);
    expect(existsSync(old)).toBe(false);
  });
});
