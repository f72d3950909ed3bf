// A part whose newest version names another message than those before it: only damage, or a hand, makes one.
import { NONE } from "./rows.ts";
import type { Rows } from "./rows.ts";

/** Nothing becomes of it where the other is no message, or was purged (NONE). */
export function movePart(rows: Rows, part: number, owner: number): void {
  if (owner === NONE || rows.isPart(owner)) return;
  let above = rows.ownerOf(part);
  while (rows.partOf(above) !== part) above = rows.partOf(above);
  rows.link(above, rows.ownerOf(above), rows.partOf(part));
  // A message's parts hang one on the other, the newest row first.
  let before = owner;
  while (rows.partOf(before) !== NONE && rows.partOf(before) > part) before = rows.partOf(before);
  rows.link(part, owner, rows.partOf(before));
  rows.link(before, rows.ownerOf(before), part);
}
