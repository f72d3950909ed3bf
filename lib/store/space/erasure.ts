// What is to be erased of a session: lines by their stamps, and what belongs to the messages and parts with these places.
import type { OpenFile } from "../../disk/descriptors.ts";
import type { LineHead } from "../../line/decode.ts";
import { formatStamp, parseStamp } from "../../line/stamp.ts";
import { namesIn } from "../../log/blob-names.ts";
import { CommitFilter } from "../../log/recovery.ts";
import { isClearing } from "../../line/info.ts";
import { STUB_TYPES } from "./stub.ts";

/** True for a line that says something that a person may want to be gone: all but the tree's lines and the tombstones. */
export function hasContent({ type, data }: Pick<LineHead, "type" | "data">): boolean {
  return !STUB_TYPES.has(type) && type !== "purged" && !(type === "info" && isClearing(data));
}

export class Erasure {
  readonly places: Set<string>;
  /** The hashes of attachments that what goes has named. */
  readonly blobs: Set<string> = new Set();

  constructor(places: Iterable<string> = []) {
    this.places = new Set(places);
  }

  /** Takes in what a `purge` line names, if this is one. */
  addPurge({ type, sound, data }: LineHead): void {
    const named: unknown = type === "purge" && sound ? (data as { of?: unknown } | null | undefined)?.of : undefined;
    if (!Array.isArray(named)) return;
    for (const place of named) if (parseStamp(place) !== undefined) this.places.add(place as string);
  }

  /** The parts of the messages that are in it go with them, in all their versions. */
  addParts(lines: Iterable<LineHead>): void {
    for (const { type, stamp, of, message } of lines) {
      if (type === "part" && message !== undefined && this.places.has(formatStamp(message)))
        this.places.add(formatStamp(of ?? stamp));
    }
  }

  /** These lines of a log go: so do their attachments, where nothing else names them. */
  addBlobs({ file }: OpenFile, lines: Iterable<LineHead>): void {
    for (const { offset, length } of lines) {
      const bytes = Buffer.allocUnsafe(length);
      const count = file.read(bytes, 0, length, offset);
      for (const { hash } of namesIn(bytes, 0, count)) this.blobs.add(hash);
    }
  }

  isNamed(line: LineHead): boolean {
    const { stamp, of, message } = line;
    if (!hasContent(line)) return false;
    return [stamp, of, message].some((each) => each !== undefined && this.places.has(formatStamp(each)));
  }

  /**
   * The lines of a log that go. Of a commit that was never finished all lines go if one does: without the line that tells how
   * many there should be, the others would count.
   */
  in(lines: readonly LineHead[]): Set<LineHead> {
    const named = new Set(lines.filter((line) => this.isNamed(line)));
    const filter = new CommitFilter(() => undefined);
    for (const line of lines) filter.add(line);
    const unfinished = filter.finish();
    const writers = new Set(unfinished.filter((line) => named.has(line)).map(({ stamp }) => stamp.writer));
    for (const line of unfinished) if (writers.has(line.stamp.writer) && hasContent(line)) named.add(line);
    return named;
  }
}

/** A log, or what the trash has of one, as it was read. */
export interface Read {
  readonly open: OpenFile;
  readonly lines: readonly LineHead[];
}
