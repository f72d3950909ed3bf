// Imported sessions, as far as two imports of one source must agree on them.
import { vi } from "vitest";
import type { ImportProgress, ImportSource, Session, Store } from "../../lib/index.ts";

export interface Imported {
  /** Each message of the history with its parts. */
  readonly history: unknown[];
  /** How many messages each branch has, and which is the history. */
  readonly branches: [number, boolean][];
  readonly info: unknown;
}

export async function importedOf(store: Store<any, any>, id: string): Promise<Imported> {
  const session = store.session(id);
  const { title, titleSource, directory, project, parent, archived, metadata, createdAt } = await session.info();
  return {
    history: (await session.history()).map((entry) => [
      entry.id,
      entry.data,
      // A file that lies beside a transcript comes when it is found, and not in the order of the lines.
      entry.parts
        .map((part) => [part.id, part.data] as const)
        .toSorted(([, a], [, b]) => Number(a.record?.type === "file") - Number(b.record?.type === "file")),
    ]),
    branches: (await session.branches()).map(({ messages, current }) => [messages, current]),
    info: { title, titleSource, directory, project, parent, archived, metadata, createdAt },
  };
}

/** Each message on any branch once, with its parts. */
export async function everyEntry(session: Session<any, any>): Promise<Map<string, { data: any; parts: any[] }>> {
  const entries = new Map<string, { data: any; parts: any[] }>();
  const branches = await session.branches();
  for (const { id } of branches) {
    await session.checkout(id);
    for (const { id: name, data, parts } of await session.history())
      entries.set(name, { data, parts: parts.map((part) => part.data) });
  }
  return entries;
}

/** A message in a word or two. */
export function sketch({ role, content }: { role: string; content: any }): string {
  const block = (each: any): string =>
    (each.text ?? each.thinking ?? each.name ?? each.type ?? Object.keys(each)[0]).slice(0, 16);
  return `${role}: ${typeof content === "string" ? content.slice(0, 16) : content.map(block).join(" + ")}`;
}

/** Files that were written just now prove nothing; those of long ago do. */
export async function aged<T>(call: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 60_000 });
  try {
    return await call();
  } finally {
    vi.useRealTimers();
  }
}

/** How much an import read, and what it told. */
export async function imported(store: Store<any, any>, source: ImportSource, path: string): Promise<any> {
  const seen: ImportProgress[] = [];
  const report = await aged(() => store.importFrom(source, { path, onProgress: (at) => seen.push(at) }));
  return { ...report, bytes: seen.at(-1)?.totalBytes, read: seen.at(-1)?.bytes };
}
