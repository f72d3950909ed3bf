// What must hold of a store after any fault: what was acknowledged is there, nothing else is, and it goes on.
import { expect } from "vitest";
import { settingsOf } from "../../lib/base/options.ts";
import type { StoreOptions } from "../../lib/base/options.ts";
import type { Vfs } from "../../lib/disk/vfs.ts";
import { rooms } from "../../lib/open.ts";
import { StoreError } from "../../lib/index.ts";
import type { Store } from "../../lib/index.ts";
import { openOn } from "../../lib/store/open-on.ts";
import { FaultVfs } from "./fault-vfs.ts";
import type { Model, ModelSession } from "./fault-model.ts";
import { isImported } from "./fault-sources.ts";
import type { Step } from "./fault-step.ts";
import { readFilesNaively } from "./naive-reader.ts";
import type { SimulatedDisk } from "./simulated-disk.ts";

const CODES = new Set(["NO_SPACE", "IO", "NO_ACCESS", "READ_ONLY", "DAMAGED", "NOT_FOUND", "EXISTS"]);

export async function openAt(vfs: Vfs, root: string, options: StoreOptions = {}): Promise<Store<any, any>> {
  return await openOn<any, any>(vfs, root, settingsOf({ busyTimeoutMs: 200, ...options }), rooms);
}

/** All that can be read of a store, as a model has it, but for one session that may be damaged. */
export async function shownBy(store: Store<any, any>, except?: string): Promise<Model> {
  const shown: Record<string, ModelSession> = {};
  for await (const listed of store.sessions()) {
    if (listed.id === except) continue;
    if ("damaged" in listed) throw new Error(`${listed.id} is listed as damaged: ${listed.damaged}`);
    const { id, title } = listed;
    const history = await store.session(id).history();
    shown[id] = {
      ...(title !== undefined && { title }),
      messages: history.map(({ id: label, data, parts, ...rest }, n) => {
        if ("altered" in rest) throw new Error(`message ${label} of ${id} is altered`);
        return {
          id: isImported(id) ? String(n) : label,
          data,
          parts: parts.map((part) => ({ id: part.id, data: part.data })),
        };
      }),
    };
  }
  return sorted(shown);
}

/** The same by the second reader, from the bytes. */
function shownNaively(disk: SimulatedDisk, root: string): Model {
  const shown: Record<string, ModelSession> = {};
  for (const [id, session] of readFilesNaively(
    new Map([...disk.filesBelow(`${root}/sessions`), ...disk.filesBelow(`${root}/blobs`)]),
  )) {
    if (session.deleted) continue;
    const title = session.info["title"] as string | undefined;
    shown[id] = {
      ...(title !== undefined && { title }),
      messages: session.history.map(({ id: label, data, parts }, n) => ({
        id: isImported(id) ? String(n) : label,
        data: data as object,
        parts: parts.map((part) => ({ id: part.id, data: part.data as object })),
      })),
    };
  }
  return sorted(shown);
}

export function textOf(model: Model): string {
  return JSON.stringify(sorted(model));
}

function sorted(model: Model): Model {
  return Object.fromEntries(
    Object.entries(model)
      .map(([id, { title, messages }]) => [id, { ...(title !== undefined && { title }), messages }] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** Throws unless it is the kind of error that callers are promised. */
function checkError(error: unknown, what: string): StoreError {
  if (!(error instanceof StoreError) || !CODES.has(error.code))
    throw new Error(`${what} was rejected by what is no StoreError of a failed operation: ${String(error)}`);
  return error;
}

/** -> what it was rejected with, checked; undefined: it has resolved */
export async function attempt(what: string, call: () => Promise<unknown>): Promise<StoreError | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return checkError(error, what);
  }
}

/**
 * Opens what is on a disk, as another process does later, and reads it: that changes nothing, and shows what is expected. Then
 * it takes more, which the second reader finds there with all the rest.
 */
export async function checkDisk(
  disk: SimulatedDisk,
  root: string,
  expected: Model | readonly Model[],
  { unsafe, ...options }: StoreOptions & Unsafe = {},
): Promise<Model> {
  const vfs = new FaultVfs(disk);
  const bytes = textOfFiles(disk, root);
  const first = await openAt(vfs, root, options);
  const shown = await shownBy(first, unsafe);
  const models: readonly Model[] = Array.isArray(expected) ? expected : [expected];
  if (unsafe !== undefined) await checkUnsafe(first, unsafe, models);
  const allowed = models.map((model) => textOf(without(model, unsafe)));
  if (!allowed.includes(textOf(shown))) expect(textOf(shown), "what the next process reads").toBe(allowed[0]);
  await first.close();
  // A purge that was cut short goes on by itself.
  const isPurged = [...disk.filesBelow(`${root}/sessions`)].some(([, log]) => log.includes('"type":"purge"'));
  if (!isPurged && textOfFiles(disk, root) !== bytes) throw new Error("reading has changed a log");

  const second = await openAt(vfs, root, options);
  const id = unsafe === "s" ? "later" : "s";
  await second.session(id, { create: true }).append([{ id: "after-1" }, { id: "after-2" }]);
  const before = shown[id];
  const after = ["after-1", "after-2"].map((each) => ({ id: each, data: { id: each }, parts: [] }));
  const grown = textOf({ ...shown, [id]: { ...before, messages: [...(before?.messages ?? []), ...after] } });
  const naive = textOf(without(shownNaively(disk, root), unsafe));
  if (naive !== grown) expect(naive, "the second reader").toBe(grown);
  await second.close();
  if (vfs.openFiles !== 0) throw new Error(`${vfs.openFiles} files left open`);
  return shown;
}

interface Unsafe {
  /**
   * A session that nothing has promised yet: its log may have its name without all of its bytes. It is there with some of its
   * messages, or missing, or said to be damaged.
   */
  readonly unsafe?: string | undefined;
}

async function checkUnsafe(store: Store<any, any>, id: string, models: readonly Model[]): Promise<void> {
  const info = await store.get(id);
  if (info === undefined || "damaged" in info) return;
  const history = await store.session(id).history();
  const shown = history.map(({ data }) => JSON.stringify(data)).join("\n");
  const whole = models.map((model) => model[id]?.messages.map(({ data }) => JSON.stringify(data)).join("\n") ?? "");
  if (!whole.some((text) => text.startsWith(shown))) throw new Error(`${id} has messages that nobody wrote: ${shown}`);
}

function without(model: Model, id: string | undefined): Model {
  return Object.fromEntries(Object.entries(model).filter(([key]) => key !== id));
}

/** When it shows that a step was done that erases, no file has anything of what it erases. */
export function checkErased(disk: SimulatedDisk, root: string, step: Step, shown: Model): void {
  const text = textOf(shown);
  if (step.erases === undefined || step.erases.some((each) => text.includes(each))) return;
  for (const [path, bytes] of disk.filesBelow(root))
    for (const each of step.erases) if (bytes.includes(each)) throw new Error(`${path} still has ${each}`);
}

function textOfFiles(disk: SimulatedDisk, root: string): string {
  return [...disk.filesBelow(`${root}/sessions`)].map(([path, bytes]) => `${path} ${bytes.toString("hex")}`).join("\n");
}
