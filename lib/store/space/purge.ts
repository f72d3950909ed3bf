// Purging: messages, or a session, are erased for good. First one line that every machine and every later merge obeys, then
// this machine's copies of what it names.
import { join } from "node:path";
import { ArgumentError, StoreError } from "../../base/errors.ts";
import type { PurgeReport } from "../../base/purge.ts";
import { OpenFile } from "../../disk/descriptors.ts";
import { hashId } from "../../line/codec.ts";
import { decodeLine } from "../../line/decode.ts";
import type { LineHead } from "../../line/decode.ts";
import { formatStamp, parseStamp } from "../../line/stamp.ts";
import { commitLater } from "../write/commit.ts";
import { readLog } from "../read/content.ts";
import { eraseBlobs, eraseFiles } from "./erase.ts";
import { Erasure, hasContent } from "./erasure.ts";
import type { Read } from "./erasure.ts";
import { exclusively } from "../exclusively.ts";
import { refresh } from "../read/load.ts";
import { purgesIn } from "./owed.ts";
import { notFound } from "../state.ts";
import type { SessionState } from "../session-state.ts";
import type { Transaction } from "../write/transaction.ts";

/** So many places are named by one line, at most. */
const MOST_PLACES = 10_000;
/** What a place takes in a line, and what the line has around them. */
const PLACE_BYTES = 41;
const LINE_BYTES = 320;

function checkIds(ids: unknown): asserts ids is readonly string[] {
  if (!Array.isArray(ids) || ids.length === 0 || ids.some((id) => typeof id !== "string" || id === ""))
    throw new ArgumentError("INVALID_ARGUMENT", "purge() takes the ids of messages, at least one");
}

/** Erases messages with their parts, in all versions, on every branch, hidden or not. */
export async function purgeMessages(session: SessionState, ids: readonly string[]): Promise<PurgeReport> {
  checkIds(ids);
  return await exclusively(session, async () => {
    await refresh(session);
    if (session.fold === undefined || session.fold.deletedAt !== undefined) throw notFound(session);
    return await purge(session, false, (all) => placesOf(session, all, ids));
  });
}

/** Erases all of a session but the fact that there was one. A deleted one, too, with what the trash has of it. */
export async function purgeSession(session: SessionState): Promise<PurgeReport> {
  return await exclusively(session, async () => {
    await refresh(session);
    if (session.fold === undefined) throw notFound(session);
    return await purge(session, true, (all) => {
      const places = new Set<string>();
      for (const { lines } of all) {
        for (const line of lines) if (hasContent(line)) places.add(formatStamp(line.of ?? line.stamp));
        // An info has no place: each of its lines is named.
        for (const line of lines) if (line.type === "info" && hasContent(line)) places.add(formatStamp(line.stamp));
      }
      return places;
    });
  });
}

async function purge(
  session: SessionState,
  isWhole: boolean,
  choose: (all: readonly Read[]) => Set<string>,
): Promise<PurgeReport> {
  const { store } = session;
  if (store.readOnly !== undefined) throw store.readOnly;
  const { erasure, before } = await withAll(session, (all) => {
    const erasure = new Erasure(choose(all));
    const before = new Erasure();
    for (const { lines } of all) {
      erasure.addParts(lines);
      for (const line of lines) before.addPurge(line);
    }
    return { erasure, before };
  });
  const named = [...erasure.places].filter((place) => !before.places.has(place)).sort();
  // What was purged before goes with it, if a crash has left some of it.
  for (const place of before.places) erasure.places.add(place);
  // If we crash from here on, the next open goes on with it; before the lines are written there is nothing to be done.
  store.owed.begin(session);
  await commitLater(session, { allowDeleted: true }, (tx) => {
    if (isWhole && tx.fold.deletedAt === undefined) {
      const cleared = tx.fold.info.keys().map((key) => [key, null]);
      if (cleared.length > 0) tx.add({ type: "info", json: JSON.stringify(Object.fromEntries(cleared)) });
      tx.add({ type: "delete" });
    }
    addPurges(tx, named);
  });
  await session.writer?.sync();
  const purges = purgesIn(session.fold);
  const erased = await eraseFiles(session, erasure);
  await store.catalog.erase([session.name]);
  await eraseBlobs(store, erasure.blobs);
  const heldBy = await holdersOf(session, erasure);
  store.owed.end(session, purges);
  return { erased, heldBy };
}

/** In lines that are not too long. Where the newest message of the history goes, the history stays on its branch. */
function addPurges(tx: Transaction, places: readonly string[]): void {
  const { history, rows } = tx.fold;
  const named = new Set(places);
  const stays = history.list().findLast((row) => !named.has(formatStamp(rows.place(row))));
  const isOneOfSeveral = tx.fold.otherBranches > 0;
  const room = tx.session.store.settings.maxLineBytes - LINE_BYTES;
  const most = Math.max(1, Math.min(MOST_PLACES, Math.floor(room / PLACE_BYTES)));
  const last = stays === undefined ? undefined : rows.place(stays);
  for (let from = 0; from < places.length; from += most)
    tx.add({ type: "purge", json: JSON.stringify({ of: places.slice(from, from + most) }) });
  if (isOneOfSeveral && last !== undefined && places.length > 0) tx.add({ type: "head", after: last });
}

/** The places of all messages with these ids, or with these places. Throws NOT_FOUND for one that nobody ever had. */
function placesOf(session: SessionState, all: readonly Read[], ids: readonly string[]): Set<string> {
  const places = new Set<string>();
  for (const id of ids) {
    const hash = hashId(id);
    const isPlace = parseStamp(id) !== undefined;
    let isFound = false;
    for (const { open, lines } of all) {
      for (const line of lines) {
        if (!isOf(line, id, hash, isPlace, open)) continue;
        isFound = true;
        if (line.type === "message") places.add(formatStamp(line.of ?? line.stamp));
      }
    }
    if (!isFound)
      throw new StoreError("NOT_FOUND", `no message ${JSON.stringify(id)} in the session`, { session: session.id });
  }
  return places;
}

/** A version of the message; of a place, what is left of it when it was purged, too. */
function isOf(line: LineHead, id: string, hash: number, isPlace: boolean, { file }: OpenFile): boolean {
  if (isPlace && formatStamp(line.of ?? line.stamp) === id) return line.type === "message" || line.type === "purged";
  if (line.type !== "message" || line.idHash !== hash) return false;
  const bytes = Buffer.allocUnsafe(line.length);
  const count = file.read(bytes, 0, line.length, line.offset);
  return decodeLine(bytes, 0, count)?.id === id;
}

/** The machines other than this one whose logs hold something of it. */
async function holdersOf(session: SessionState, erasure: Erasure): Promise<string[]> {
  const machines = new Set<string>();
  await refresh(session);
  for (const log of session.logs) {
    if (session.store.isOwn(log.machine)) continue;
    const open = log.open(session.store.descriptors)?.pin();
    if (open === undefined) continue;
    try {
      if ((await readLog(open)).lines.some((line) => erasure.isNamed(line))) machines.add(log.machine);
    } finally {
      open.unpin();
    }
  }
  return [...machines].sort();
}

/** What `take` makes of all logs of the session, and of what the trash has of it. */
export async function withAll<T>(session: SessionState, take: (all: readonly Read[]) => T): Promise<T> {
  const { vfs, layout, descriptors } = session.store;
  await refresh(session);
  const opens: OpenFile[] = [];
  try {
    for (const log of session.logs) {
      const open = log.open(descriptors)?.pin();
      if (open === undefined)
        throw new StoreError("IO", "the log was replaced; try again", { session: session.id, path: log.path });
      opens.push(open);
    }
    const directory = join(layout.trash, session.name);
    for (const name of vfs.names(directory)) {
      const open = new OpenFile(vfs.open(join(directory, name), "read")).pin();
      open.drop();
      opens.push(open);
    }
    const all: Read[] = [];
    for (const open of opens) all.push({ open, lines: (await readLog(open)).lines });
    return take(all);
  } finally {
    for (const open of opens) open.unpin();
  }
}
