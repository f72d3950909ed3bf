// One step under one fault, and all that must hold then.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import type { Durability } from "../../lib/base/options.ts";
import type { Store, StoreError } from "../../lib/index.ts";
import { attempt, checkDisk, checkErased, openAt, shownBy, textOf } from "./fault-checks.ts";
import type { Model } from "./fault-model.ts";
import type { Step } from "./fault-step.ts";
import { FaultVfs } from "./fault-vfs.ts";
import { faultsOf } from "./faults.ts";
import type { Case } from "./faults.ts";
import { SimulatedDisk } from "./simulated-disk.ts";

/** A directory that is there, so that whatever asks the real disk about it finds one. */
export const ROOT = mkdtempSync(join(tmpdir(), "turnlog-faults-"));
process.once("exit", () => rmSync(ROOT, { recursive: true, force: true }));

export interface Ground {
  readonly disk: SimulatedDisk;
  readonly model: Model;
}

/** A store on a disk, and what it has. */
export async function groundOf(model: Model, make: (store: Store<any, any>) => Promise<void>): Promise<Ground> {
  const disk = new SimulatedDisk();
  const store = await openAt(disk, ROOT);
  await make(store);
  expect(textOf(await shownBy(store))).toBe(textOf(model));
  await store.close();
  return { disk: disk.copy(), model };
}

export interface Setting {
  readonly ground: Ground;
  readonly durability: Durability;
  /** The store has been used before the step. */
  readonly isWarm: boolean;
}

function withMessage(model: Model, id: string, message: string): Model {
  const { title, messages = [] } = model[id] ?? {};
  const added = { id: message, data: { id: message }, parts: [] };
  return { ...model, [id]: { ...(title !== undefined && { title }), messages: [...messages, added] } };
}

/** Every fault that the step can meet, one after the other. -> how many there were */
export async function runAll(step: Step, setting: Setting): Promise<number> {
  const operations = await runCase(step, setting, undefined);
  expect(operations.length).toBeGreaterThan(0);
  const failures: string[] = [];
  let cases = 0;
  for (const fault of faultsOf(operations)) {
    cases++;
    await runCase(step, setting, fault).catch((error: unknown) => {
      failures.push(`${step.name}, ${fault.name}: ${error instanceof Error ? error.message : String(error)}`);
    });
  }
  expect(failures.slice(0, 5), `${failures.length} of ${cases} cases`).toEqual([]);
  return cases;
}

/** Runs a step with this fault, and checks all that must hold. -> the operations of the step */
async function runCase(step: Step, { ground, durability, isWarm }: Setting, fault?: Case): Promise<FaultVfs["calls"]> {
  const disk = ground.disk.copy();
  const vfs = new FaultVfs(disk);
  const store = await openAt(vfs, ROOT, { durability });
  let before = ground.model;
  if (isWarm) {
    await store.session("s").append({ id: "warm" });
    await shownBy(store);
    before = withMessage(before, "s", "warm");
  }
  const context = { vfs, root: ROOT, durability, expected: before };
  const prepared = await step.prepare?.(context);
  before = step.prepared?.(before) ?? before;

  vfs.calls.length = 0;
  const hits: string[] = [];
  vfs.fault = (operation, path, bytes) => {
    const hit = fault?.at(operation, path, bytes);
    if (hit !== undefined) hits.push(`${operation} ${path}`);
    return hit;
  };
  const error = await attempt(step.name, () => step.run(store, { ...context, expected: before }, prepared));
  const operations = [...vfs.calls];
  const { allowed, isMore } = await outcomes(store, step, before, error, fault?.isSticky === true);
  vfs.fault = () => undefined;
  if (fault === undefined) expect(error).toBeUndefined();

  const shown = await shownBy(store);
  const reason = `after ${error?.message} (written: ${error?.written}), more: ${isMore}`;
  if (!allowed.map(textOf).includes(textOf(shown))) expect(textOf(shown), reason).toBe(textOf(allowed[0] as Model));
  const refused = await attempt("append", () => store.session("s", { create: true }).append({ id: "goes on" }));
  if (refused !== undefined) {
    // The kernel may have forgotten what it could not bring to the disk: nothing is written after it.
    expect(refused.message).toContain("read-only until the store is opened anew");
    expect(
      hits.some((hit) => /^sync .*\.jsonl/.test(hit)),
      `it goes on: ${refused.message}`,
    ).toBe(true);
  }
  // The next sync would say OK, with the bytes gone: it is not asked.
  if (step.isCommit && hits.some((hit) => /^sync .*\/s\.jsonl$/.test(hit)) && step.name !== "open, read, close")
    expect(refused, "after a sync that failed").toBeDefined();
  await store.close();
  expect(vfs.openFiles, "files left open").toBe(0);
  const left = await checkDisk(disk, ROOT, refused === undefined ? withMessage(shown, "s", "goes on") : shown, {
    durability,
  });
  checkErased(disk, ROOT, step, left);
  return operations;
}

/** What may be there after the step; where the fault lasts, after one more append, which gets through in silence no more than it. */
async function outcomes(
  store: Store<any, any>,
  step: Step,
  before: Model,
  error: StoreError | undefined,
  isSticky: boolean,
): Promise<{ allowed: Model[]; isMore: string }> {
  const allowed = [step.apply(before)];
  if (error !== undefined) {
    const isNothing = error.written === "no" || error.written === "torn";
    if (isNothing || (error.written === undefined && step.isCommit)) allowed.pop();
    allowed.push(before);
  }
  if (!isSticky) return { allowed, isMore: "none" };
  const more = await attempt("append", () => store.session("other").append({ id: "more" }));
  const grown = allowed.map((model) => withMessage(model, "other", "more"));
  if (more === undefined) return { allowed: grown, isMore: "yes" };
  return { allowed: more.written === "unknown" ? [...allowed, ...grown] : allowed, isMore: String(more.written) };
}
