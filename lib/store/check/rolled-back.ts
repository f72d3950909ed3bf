// A log of this machine's that an older copy has overwritten: a backup that was restored, a sync in the wrong direction. It is
// told, and kept in a record until the lines that it lost are back; what is written from then on is a new writer's, so
// that a fuller copy and this one can be united.
import { join } from "node:path";
import { errno } from "../../base/errors.ts";
import { replaceText } from "../../disk/aside.ts";
import { formatStamp, parseStamp } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import { scan } from "../../log/scan.ts";
import { GapSearch } from "./gap-search.ts";
import { ownLastOf } from "./own-last.ts";
import type { SessionState } from "../session-state.ts";
import type { StoreState } from "../state.ts";

/** What is remembered of a session. The cache may have come from another machine. */
interface Record {
  readonly machine: string;
  /** Of each time that it happened, the last line that was lost. */
  readonly had: readonly string[];
}

/** The session was read, and not all was met that this machine's logs had. False: a log went meanwhile, so nobody knows yet. */
export async function noticeRolledBack(session: SessionState): Promise<boolean> {
  const { missing, ownLast, fold, store } = session;
  const searches = [
    ...(missing === undefined ? [] : [new GapSearch(missing, true)]),
    ...(ownLast === undefined ? [] : [new GapSearch(ownLast)]),
  ];
  try {
    await searchLogs(session, searches);
  } catch (error) {
    if (errno(error) === undefined) throw error;
    return false;
  }
  session.missing = undefined;
  const lost = searches.filter(({ isMissing }) => isMissing).map(({ had }) => had);
  if (lost.length === 0) return true;
  session.renewWriter();
  const had = lost.map(formatStamp).sort();
  if (remember(store, session.name, had)) store.sidecars.discard(session);
  // A listing may meet it again before it has told what it found.
  if (!store.events.isNew(JSON.stringify(["rolled-back", session.name, ...had]))) return true;
  const has = fold && ownLastOf(session, fold);
  store.warn({
    code: "rolled-back",
    message: explainRolledBack(had.at(-1) as string, has && formatStamp(has)),
    session: session.id,
    path: session.writer?.log.path,
  });
  return true;
}

function explainRolledBack(had: string, has: string | undefined): string {
  const rest = has === undefined ? "and none is there" : `and ends in ${has}`;
  return `an older copy took the place of this machine's log of the session: it had lines up to ${had}, ${rest}`;
}

async function searchLogs(session: SessionState, searches: readonly GapSearch[]): Promise<void> {
  const { logs, store } = session;
  for (const { machine, number, path } of logs) {
    const own = store.isOwn(machine) ? number : undefined;
    const file = store.vfs.open(path, "read");
    try {
      await scan(file, 0, file.stat().size, {
        line: (line) => searches.forEach((search) => search.line(line, own)),
        problem: (problem) => own !== undefined && searches.forEach((search) => search.problem(problem, own)),
      });
    } finally {
      file.close();
    }
  }
}

/** False: it cannot be kept. The warning tells; what indexes know tells again. */
function remember(store: StoreState, name: string, had: readonly string[]): boolean {
  if (store.readOnly !== undefined) return false;
  try {
    const all = new Set([...recall(store, name).map(formatStamp), ...had]);
    const record: Record = { machine: store.machine, had: [...all].sort() };
    replaceText(store.vfs, store.layout.aside, pathOf(store, name), JSON.stringify(record));
    return true;
  } catch (error) {
    if (errno(error) === undefined) throw error;
    return false;
  }
}

/** The lines that this machine's logs of a session lost, as far as anybody has noticed. */
export function recall(store: StoreState, name: string): Stamp[] {
  try {
    const record = JSON.parse(store.vfs.readText(pathOf(store, name)) ?? "null") as Partial<Record> | null;
    if (record?.machine !== store.machine || !Array.isArray(record.had)) return [];
    return record.had.flatMap((text) => parseStamp(text) ?? []);
  } catch {
    // A power loss has left it without its content, or it cannot be read: it is a cache.
    return [];
  }
}

/** They are back, or nobody wants them any more. */
export function forgetRolledBack({ vfs, layout }: StoreState, name: string): void {
  try {
    vfs.remove(join(layout.rolledBack, name));
  } catch (error) {
    if (errno(error) === undefined) throw error;
  }
}

function pathOf({ layout }: StoreState, name: string): string {
  return join(layout.rolledBack, name);
}
