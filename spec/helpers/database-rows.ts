// Sessions and lines to put into a database.
import type { Database } from "../../lib/sql/database/database.ts";
import type { NewLine, StoredSession } from "../../lib/sql/database/stored.ts";

/** The nth stamp: later ones are greater. */
export function stamp(n: number, writer = "writer00"): string {
  const iso = new Date(Date.UTC(2026, 10, 21) + n).toISOString();
  return `${iso}-0000-${writer}`;
}

export function row(name: string, more: Partial<StoredSession> = {}): StoredSession {
  return {
    name,
    id: name,
    kind: "session",
    updated: stamp(1),
    created: stamp(0),
    info: {},
    prompt: undefined,
    logs: [{ machine: "m-00000000", month: "2026-11", size: 0, generation: 0 }],
    changes: 0,
    deletedMs: 0,
    ...more,
  };
}

export function line(position: number, bytes: string | Buffer, lineStamp = stamp(position % 1e12)): NewLine {
  return { position, stamp: lineStamp, bytes: Buffer.from(bytes) };
}

export async function put(database: Database, ...rows: StoredSession[]): Promise<void> {
  for (const each of rows) {
    await database.write(each.name, (tx) => (tx.session === undefined ? tx.insert(each) : tx.update(each)));
  }
}

/** Into the session of this name, which is made if it is not there. */
export async function putLines(database: Database, name: string, ...lines: NewLine[]): Promise<void> {
  await database.write(name, async (tx) => {
    if (tx.session === undefined) await tx.insert(row(name));
    await tx.insertLines(lines);
  });
}

/** An attachment's bytes in pieces that are no chunks. */
export function inPieces(bytes: Buffer, piece = 300_007): () => AsyncGenerator<Buffer> {
  return async function* () {
    for (let from = 0; from < bytes.length; from += piece) yield bytes.subarray(from, from + piece);
  };
}

export async function all<T>(pages: AsyncIterable<T[]>): Promise<T[]> {
  const found: T[] = [];
  for await (const page of pages) found.push(...page);
  return found;
}

export function names(sessions: readonly StoredSession[]): string[] {
  return sessions.map(({ name }) => name);
}
