// What one commit can do to a session, each as lines against the fold. An operation that changes nothing adds no line.
import type { Receipt } from "../../base/entry.ts";
import { ArgumentError, StoreError } from "../../base/errors.ts";
import { isEqual } from "../../line/canonical.ts";
import { NONE } from "../../line/rows.ts";
import { isSameData } from "../../line/same-data.ts";
import { formatStamp } from "../../line/stamp.ts";
import type { Prepared } from "./prepare.ts";
import { encode } from "./prepare.ts";
import { checkCount } from "../state.ts";
import type { Transaction } from "./transaction.ts";

/** Which messages stay: the last n, those from this one on, or those up to this one (an id or a place each). */
export type TruncateRange = { keepLast: number } | { before: string } | { after: string };

/** A new message. One that lives with this id is an error, or nothing where it is equal. */
export function append(tx: Transaction, message: Prepared): Receipt {
  if (message.isNamed) {
    const row = tx.findMessage(message.id);
    if (row !== NONE) {
      if (isSameData(tx.read(row).data, message.json)) return receipt(tx, row, message.id);
      const id = JSON.stringify(message.id);
      throw new StoreError("EXISTS", `message ${id} is there with other content; putMessage() replaces it`, {
        session: tx.session.id,
      });
    }
  }
  const { id, isNamed, json } = message;
  return { id, at: formatStamp(tx.add({ type: "message", id, isPlainId: !isNamed, json })) };
}

/** A new version of the living message with this id, or a new message. */
export function putMessage(tx: Transaction, message: Prepared): Receipt {
  if (!message.isNamed) throw new ArgumentError("INVALID_MESSAGE", "putMessage() needs a message with a text id");
  const row = tx.findMessage(message.id);
  if (row === NONE) return append(tx, message);
  if (!isSameData(tx.read(row).data, message.json)) {
    tx.add({ type: "message", id: message.id, of: tx.fold.rows.place(row), json: message.json });
  }
  return receipt(tx, row, message.id);
}

/** A new version of the living part with this id, or a new part. */
export function putPart(tx: Transaction, messageId: string, part: Prepared): Receipt {
  const message = tx.resolve(messageId);
  const row = part.isNamed ? tx.findPart(message, part.id) : NONE;
  const line = {
    type: "part",
    id: part.id,
    isPlainId: !part.isNamed,
    message: tx.fold.rows.place(message),
    json: part.json,
  };
  if (row === NONE) return { id: part.id, at: formatStamp(tx.add(line)) };
  if (!isSameData(tx.read(row).data, part.json)) tx.add({ ...line, of: tx.fold.rows.place(row) });
  return receipt(tx, row, part.id);
}

/** Hides a message with its parts, or one part, on every branch. */
export function remove(tx: Transaction, messageId: string, partId: string | undefined): void {
  const message = tx.resolve(messageId);
  const row = partId === undefined ? message : tx.findPart(message, partId);
  if (row === NONE) {
    const id = JSON.stringify(partId);
    throw new StoreError("NOT_FOUND", `no part ${id} in message ${JSON.stringify(messageId)}`, {
      session: tx.session.id,
    });
  }
  tx.add({ type: "remove", of: tx.fold.rows.place(row) });
}

/** Sets the keys whose values differ from what stands. */
export function update(tx: Transaction, patch: ReadonlyMap<string, unknown>): void {
  const { info } = tx.fold;
  const set = new Map(patch);
  if (info.keepsTitle(set)) {
    set.delete("title");
    set.delete("titleSource");
  }
  for (const [key, value] of set) {
    if (isEqual(JSON.parse(JSON.stringify(value)), info.get(key) ?? null)) set.delete(key);
  }
  if (set.size > 0) tx.add({ type: "info", json: encode(tx.session, Object.fromEntries(set)) });
}

/** Hides what does not stay. -> how many messages */
export function truncate(tx: Transaction, range: TruncateRange): number {
  const { history, rows } = tx.fold;
  const list = history.list();
  const position = (reference: string): number => list.indexOf(tx.resolve(reference));
  const [first, end] = rangeOf(range, list.length, position);
  if (first >= end) return 0;
  const from = first === 0 ? null : formatStamp(rows.place(list[first] as number));
  const to = end === list.length ? null : formatStamp(rows.place(list[end] as number));
  tx.add({ type: "truncate", json: JSON.stringify({ from, to }) });
  return end - first;
}

/** The positions in the history that go: [first, end). */
function rangeOf(range: TruncateRange, count: number, position: (reference: string) => number): [number, number] {
  const keys = range === null || typeof range !== "object" ? [] : Object.keys(range);
  if (keys.length === 1) {
    if ("keepLast" in range) {
      checkCount("keepLast", range.keepLast, 0);
      return [0, count - range.keepLast];
    }
    if ("before" in range && typeof range.before === "string") return [0, position(range.before)];
    if ("after" in range && typeof range.after === "string") return [position(range.after) + 1, count];
  }
  throw new ArgumentError("INVALID_ARGUMENT", "truncate() takes one of { keepLast: n }, { before: id }, { after: id }");
}

function receipt(tx: Transaction, row: number, id: string): Receipt {
  return { id, at: formatStamp(tx.fold.rows.place(row)) };
}
