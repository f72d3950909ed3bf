// What must hold of a store after any fault: what was acknowledged is there, nothing else is, and it goes on.
import { expect } from "vitest";
import { settingsOf } from "../../lib/base/options.ts";
import type { StoreOptions } from "../../lib/base/options.ts";
import type { Vfs } from "../../lib/disk/vfs.ts";
import { rooms } from "../../lib/open.ts";
import { StoreError } from "../../lib/index.ts";
import type { Store } from "../../lib/index.ts";
import { openOn } from "../../lib/store/store.ts";
import { FaultVfs } from "./fault-vfs.ts";
import { isImported } from "./fault-steps.ts";
import type { Model, ModelSession } from "./fault-steps.ts";
import { readFilesNaively } from "./naive-reader.ts";
import type { SimulatedDisk } from "./simulated-disk.ts";

const CODES = new Set(["NO_SPACE", "IO", "NO_ACCESS", "READ_ONLY", "DAMAGED", "NOT_FOUND", "EXISTS"]);

export async function openAt(vfs: Vfs, root: string, options: StoreOptions = {}): Promise<Store<any, any>> {
  return await openOn<any, any>(vfs, root, settingsOf(options), rooms);
}

/** All that can be read of a store, as a model has it. */
export async function shownBy(store: Store<any, any>): Promise<Model> {
  const shown: Record<string, ModelSession> = {};
  for await (const listed of store.sessions()) {
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
export function shownNaively(disk: SimulatedDisk, root: string): Model {
  const shown: Record<string, ModelSession> = {};
  for (const [id, session] of readFilesNaively(disk.filesBelow(`${root}/sessions`))) {
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
export function checkError(error: unknown, what: string): StoreError {
  if (!(error instanceof StoreError) || !CODES.has(error.code))
    throw new Error(`${what} was rejected by what is no StoreError of a failed operation`, { cause: error });
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
  options: StoreOptions = {},
): Promise<Model> {
  const vfs = new FaultVfs(disk);
  const before = textOfFiles(disk, root);
  const first = await openAt(vfs, root, options);
  const shown = await shownBy(first);
  const allowed = (Array.isArray(expected) ? expected : [expected]).map(textOf);
  if (!allowed.includes(textOf(shown))) expect(textOf(shown), "what the next process reads").toBe(allowed[0]);
  await first.close();
  if (textOfFiles(disk, root) !== before) throw new Error("reading has changed a log");

  const second = await openAt(vfs, root, options);
  await second.session("s", { create: true }).append([{ id: "after-1" }, { id: "after-2" }]);
  const { s } = shown;
  const after = ["after-1", "after-2"].map((id) => ({ id, data: { id }, parts: [] }));
  const grown = { ...shown, s: { ...s, messages: [...(s?.messages ?? []), ...after] } };
  if (textOf(shownNaively(disk, root)) !== textOf(grown)) expect(textOf(shownNaively(disk, root))).toBe(textOf(grown));
  await second.close();
  if (vfs.openFiles !== 0) throw new Error(`${vfs.openFiles} files left open`);
  return shown;
}

function textOfFiles(disk: SimulatedDisk, root: string): string {
  return [...disk.filesBelow(`${root}/sessions`)].map(([path, bytes]) => `${path} ${bytes.toString("hex")}`).join("\n");
}
