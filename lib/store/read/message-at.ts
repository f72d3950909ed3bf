// A message by its place, whatever became of it: as it is now, or what can still be read of what it was called.
import type { BlobMode } from "../../base/blob.ts";
import type { Entry } from "../../base/entry.ts";
import type { OpenFile } from "../../disk/descriptors.ts";
import { decodeLabel } from "../../line/decode.ts";
import type { Reading } from "../../line/reading.ts";
import { NONE } from "../../line/rows.ts";
import { formatStamp } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import { Giver } from "../blobs/give.ts";
import type { SessionState } from "../session-state.ts";
import { Snapshot } from "./snapshot.ts";
import { unlessStale } from "./stream.ts";
import { viewPart } from "./view.ts";
import type { View } from "./view.ts";

export interface MessageAt<M extends object, P extends object> {
  readonly place?: string;
  readonly id?: string;
  readonly entry?: Entry<M, P>;
}

/** `place` is that of a message or of one of its parts. */
export async function messageAt<M extends object, P extends object>(
  session: SessionState,
  place: Stamp,
  mode: BlobMode | undefined,
): Promise<MessageAt<M, P>> {
  return await unlessStale(session, async () => {
    const found = await viewPart(session, (view) => lookUp<M, P>(view, place), true);
    if (found.snapshot === undefined) return found.known;
    try {
      const giver = new Giver<M, P>(session, mode);
      const loaded = await found.snapshot.load(0, 1);
      const stored = found.snapshot.entry(loaded, 0);
      const entry = giver.isNeeded(loaded) ? await giver.give(stored) : stored;
      return { ...found.known, id: entry.id, entry };
    } finally {
      found.snapshot.release();
    }
  });
}

interface Found<M extends object, P extends object> {
  readonly known: MessageAt<M, P>;
  readonly snapshot?: Snapshot<M, P>;
}

function lookUp<M extends object, P extends object>(view: View<Reading>, place: Stamp): Found<M, P> {
  const { rows, history, deletedAt } = view.fold;
  const found = rows.find(place);
  if (found === NONE) return { known: { place: formatStamp(place) } };
  const row = rows.isPart(found) ? rows.ownerOf(found) : found;
  const known = { place: formatStamp(rows.place(row)) };
  if (deletedAt === undefined && history.includes(row))
    return { known, snapshot: new Snapshot<M, P>(view, Uint32Array.of(row), true) };
  const id = idOf(view, row);
  return { known: id === undefined ? known : { ...known, id } };
}

/** From the message's newest line, if that was not compacted away. */
function idOf({ fold: { rows }, files }: View<Reading>, row: number): string | undefined {
  const length = rows.sizeOf(row);
  if (length === 0) return undefined;
  const bytes = Buffer.allocUnsafe(length);
  const { file } = files[rows.logOf(row)] as OpenFile;
  const label = decodeLabel(bytes, 0, file.read(bytes, 0, length, rows.offsetOf(row)));
  return label.place === formatStamp(rows.place(row)) ? label.id : undefined;
}
