// One session within a transaction.
import { StoreError } from "../../base/errors.ts";
import { blobBytes, putBlob, readBlob } from "./blobs.ts";
import type { Reading, Writing } from "./database.ts";
import { linesIn } from "./lines.ts";
import { insertLines, removeLines } from "./new-lines.ts";
import type { Ask } from "./schema.ts";
import { insertSession, lockedRow, sessionOf, sessionRow, updateSession } from "./sessions.ts";

export async function writing(ask: Ask, name: string): Promise<Writing> {
  const row = await ask((on) => lockedRow(on, name));
  /** Greater than the row's own: who looks for what changed since must find it, whatever the clocks say. */
  let modified = row === undefined ? 0 : Number(row.modified);
  const nextModified = (): number => (modified = Math.max(Date.now(), modified + 1));
  return {
    session: row && sessionOf(row),
    reading: readingOf(ask),
    insert: (session) => ask((on) => insertSession(on, { ...session, name }, nextModified())),
    async update(session) {
      const isThere = await ask((on) => updateSession(on, { ...session, name }, nextModified()));
      if (!isThere) throw new StoreError("NOT_FOUND", `there is no session ${name} to update`, { written: "no" });
    },
    insertLines: (lines) => ask((on) => insertLines(on, name, lines)),
    removeLines: (from, to) => ask((on) => removeLines(on, name, from, to)),
    putBlob: (hash, pieces) => ask((on) => putBlob(on, hash, pieces)),
  };
}

/** What can be read of any session, by whatever runs the statements. */
export function readingOf(ask: Ask): Reading {
  return {
    session: (name) =>
      ask(async (on) => {
        const row = await sessionRow(on, name);
        return row && sessionOf(row);
      }),
    lines: (name, from, to) => ask((on) => linesIn(on, name, from, to)),
    blobBytes: (hash) => ask((on) => blobBytes(on, hash)),
    blob: (hash, from, to) => ask((on) => readBlob(on, hash, from, to)),
  };
}
