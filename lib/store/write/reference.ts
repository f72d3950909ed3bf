// How callers name a message: by its id, by its place (`at`), or by a cursor. Cursors are stamps, never offsets, so
// they survive compaction and merges; a cursor carries the session that it is of.
import { ArgumentError, StoreError } from "../../base/errors.ts";
import type { OpenFile } from "../../disk/descriptors.ts";
import { checksum, hashId } from "../../line/codec.ts";
import { decodeLabel } from "../../line/decode.ts";
import type { Reading } from "../../line/reading.ts";
import { NONE } from "../../line/rows.ts";
import { formatStamp, parseStamp, STAMP_LENGTH } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import { StaleError } from "../read/snapshot.ts";
import type { View } from "../read/view.ts";

const SEPARATOR = "~";

export function cursorOf(sessionId: string, place: Stamp): string {
  return `${formatStamp(place)}${SEPARATOR}${checksum(sessionId)}`;
}

/** The place that a cursor or a stamp names, which need not live any more; undefined: it is neither, so an id. */
function parseCursor(sessionId: string, fold: Reading, reference: unknown): Stamp | undefined {
  if (typeof reference !== "string")
    throw new ArgumentError("INVALID_ARGUMENT", "a message is named by its id, its `at` or a cursor");
  const place = parseStamp(reference.slice(0, STAMP_LENGTH));
  if (place === undefined) return undefined;
  const rest = reference.slice(STAMP_LENGTH);
  const isOurs = rest === "" ? fold.knows(place.writer) : rest === SEPARATOR + checksum(sessionId);
  if (!isOurs) throw new ArgumentError("INVALID_CURSOR", `the cursor ${reference} is not of this session`);
  return place;
}

/** The place that a reference names. Throws NOT_FOUND for an id that is not in the history. */
export function placeOf(view: View<Reading>, sessionId: string, reference: unknown): Stamp {
  const place = parseCursor(sessionId, view.fold, reference);
  if (place !== undefined) return place;
  const row = findId(view, reference as string, (each) => view.fold.history.includes(each));
  if (row === NONE) throw noMessage(sessionId, reference as string);
  return view.fold.rows.place(row);
}

/** The row of the message that a reference names among those that are wanted: if not said, the history's. Or NONE. */
export function findMessage(
  view: View<Reading>,
  sessionId: string,
  reference: unknown,
  isWanted?: (row: number) => boolean,
): number {
  const { rows, history } = view.fold;
  const isFit = isWanted ?? ((row: number) => history.includes(row));
  const place = parseCursor(sessionId, view.fold, reference);
  const row = place === undefined ? findId(view, reference as string, isFit) : rows.find(place);
  return row !== NONE && isFit(row) ? row : NONE;
}

/** The same among the living messages of all branches; of two with one id, the one of the history, then the newest. */
export function findAnywhere(view: View<Reading>, sessionId: string, reference: string): number {
  const { rows } = view.fold;
  const row = findMessage(view, sessionId, reference);
  return row === NONE ? findMessage(view, sessionId, reference, (each) => rows.isLivingMessage(each)) : row;
}

/** The newest message with this id among those that `isWanted`. */
function findId(view: View<Reading>, id: string, isWanted: (row: number) => boolean): number {
  const { rows, ids } = view.fold;
  for (const row of ids.rowsOf(hashId(id))) {
    if (!isWanted(row)) continue;
    const length = rows.sizeOf(row);
    const bytes = Buffer.allocUnsafe(length);
    const { file } = view.files[rows.logOf(row)] as OpenFile;
    const count = file.read(bytes, 0, length, rows.offsetOf(row));
    const label = decodeLabel(bytes, 0, count);
    // Every positioned read checks the line that it got. Of two ids with one hash only one is meant.
    if (label.place !== formatStamp(rows.place(row))) throw new StaleError();
    if (label.id === id) return row;
  }
  return NONE;
}

export function noMessage(sessionId: string, reference: string): StoreError {
  return new StoreError("NOT_FOUND", `no message ${JSON.stringify(reference)} in the history`, { session: sessionId });
}
