// What a listing shows of a session, as the catalog of a store in files knows it, and as a row.
import type { CatalogEntry, SeenLog } from "../indexes/catalog/entry.ts";
import type { StoredLog, StoredSession } from "./database/stored.ts";

/** Nobody compares it with a file: the database has said so itself. */
function seen({ machine, month, size }: StoredLog, name: string): SeenLog {
  return {
    directory: `${machine}/${month}`,
    file: `${name}.jsonl`,
    print: { dev: 0, ino: 0, size, mtimeMs: 0, ctimeMs: 0 },
  };
}

function isInUse({ machine }: StoredLog): boolean {
  return machine !== "";
}

/** What a deletion has put away. */
export function isInTrash({ machine, month }: StoredLog): boolean {
  return machine === "" && month !== "";
}

/** The number was a log's that is gone. */
export function isFree({ machine, month }: StoredLog): boolean {
  return machine === "" && month === "";
}

export function entryOf({ name, id, kind, updated, created, info, prompt, logs }: StoredSession): CatalogEntry {
  return {
    name,
    id,
    kind,
    updated,
    created,
    logs: logs.filter(isInUse).map((log) => seen(log, name)),
    info,
    prompt,
  };
}
