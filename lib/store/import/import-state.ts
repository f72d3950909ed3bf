// What earlier imports of a session have written: all lines of its import's writer, whichever log they lie in.
import type { OpenFile } from "../../disk/descriptors.ts";
import { canonical } from "../../line/canonical.ts";
import type { LineHead } from "../../line/decode.ts";
import type { Draft } from "../../line/encode.ts";
import { compareStamps, formatStamp } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import { giveWay } from "../../base/turn.ts";
import { readLog } from "../read/content.ts";
import { unique } from "../read/unite.ts";
import type { SessionState } from "../session-state.ts";
import { GoneLines } from "./gone-lines.ts";
import { ImportedLine } from "./imported-line.ts";

export interface ImportedMessage {
  readonly place: Stamp;
  /** Its newest version; undefined: it was compacted away, or erased. */
  line: ImportedLine | undefined;
  /** The versions before that, if there are any. */
  older?: ImportedLine[];
}

/** What the state is told of a line. */
type Told = Omit<Draft, "isPlainId">;

export class ImportState {
  /** Messages by their ids, in the order of their places. */
  readonly messages: Map<string, ImportedMessage> = new Map();
  /** By the place of their message, and their ids. */
  readonly #parts = new Map<string, ImportedMessage>();
  readonly #info = new Map<string, string>();
  readonly gone: GoneLines;
  /** The place before which the source shows nothing; null: it showed nothing at all when that was written. */
  cut: string | null | undefined;
  last: Stamp | undefined;
  /** The line that heads the log. */
  header: Stamp | undefined;
  /** Where the last import left off, if that is not the message that it wrote last. */
  head: Stamp | undefined;
  #cutAt: Stamp | undefined;
  #lastMessage: Stamp | undefined;
  #lastPlace: Stamp | undefined;
  readonly #files: OpenFile[] = [];
  /** The message whose part was asked for last, as text. */
  #keyed: Stamp | undefined;
  #key = "";

  constructor(writer: string) {
    this.gone = new GoneLines(writer);
  }

  /** Takes one line of the import's writer. -> what is noted of it, for a message or a part */
  add({ type, stamp, id, of, message, json, after }: Told, line: ImportedLine = new ImportedLine(stamp)): ImportedLine {
    if (this.last === undefined || compareStamps(stamp, this.last) > 0) this.last = stamp;
    if (type === "session") this.header ??= stamp;
    else if (type === "head") this.head = after;
    else if (type === "message") this.#addMessage(stamp, id, of, line);
    else if (type === "part" && message !== undefined) this.#addPart(message, stamp, id, of, line);
    else if (type === "info" && json !== undefined) this.#addInfo(json);
    else if (type === "truncate" && json !== undefined) {
      this.cut = (JSON.parse(json) as { to: string | null }).to;
      this.#cutAt = stamp;
    }
    return line;
  }

  /** A message that an import once wrote, and whose line is not there any more. */
  addGone(id: string, place: Stamp): void {
    this.messages.set(id, { place, line: undefined });
  }

  /** True if a line that comes now would follow this one. */
  goesOnFrom(place: Stamp): boolean {
    const last = this.head ?? this.#lastPlace ?? this.header;
    return last !== undefined && compareStamps(last, place) === 0;
  }

  /** True when all messages so far are cut. */
  get hidesAll(): boolean {
    if (this.#lastMessage === undefined) return true;
    return this.cut === null && this.#cutAt !== undefined && compareStamps(this.#cutAt, this.#lastMessage) > 0;
  }

  /** The part of a patch that no import has written yet. */
  newInfo(patch: ReadonlyMap<string, unknown>): Map<string, unknown> {
    // What no import has said of it is as good as said to be nothing.
    const set = new Map([...patch].filter(([key, value]) => (this.#info.get(key) ?? "null") !== canonical(value)));
    // A title and its source go together.
    if (set.has("title") && patch.has("titleSource")) set.set("titleSource", patch.get("titleSource"));
    return set;
  }

  /** A part that an import has written. */
  part(message: Stamp, id: string): ImportedMessage | undefined {
    return this.#parts.get(this.#partKey(message, id));
  }

  /** Its lines lie in these files, which stay open until close(). */
  keep(open: OpenFile): void {
    if (!this.#files.includes(open)) this.#files.push(open.pin());
  }

  close(): void {
    for (const open of this.#files.splice(0)) open.unpin();
  }

  #addMessage(stamp: Stamp, id: string | undefined, of: Stamp | undefined, line: ImportedLine): void {
    const name = id ?? formatStamp(of ?? stamp);
    const known = this.messages.get(name);
    if (known === undefined) this.messages.set(name, { place: of ?? stamp, line });
    else {
      if (known.line !== undefined) (known.older ??= []).push(known.line);
      known.line = line;
    }
    this.#lastMessage = stamp;
    if (of !== undefined) return;
    this.#lastPlace = stamp;
    this.head = undefined;
  }

  #addPart(message: Stamp, stamp: Stamp, id: string | undefined, of: Stamp | undefined, line: ImportedLine): void {
    const place = of ?? stamp;
    this.#parts.set(this.#partKey(message, id ?? formatStamp(place)), { place, line });
  }

  /** Parts of one message come one after the other. */
  #partKey(place: Stamp, id: string): string {
    if (place !== this.#keyed) {
      this.#keyed = place;
      this.#key = `${place.ms.toString(36)}.${place.counter.toString(36)}.${place.writer}.`;
    }
    return this.#key + id;
  }

  #addInfo(json: string): void {
    for (const [key, value] of Object.entries(JSON.parse(json) as object)) this.#info.set(key, canonical(value));
  }
}

/** Reads what the import's writer has written to the session's logs. close() it. */
export async function readImportState(session: SessionState, writer: string): Promise<ImportState> {
  const state = new ImportState(writer);
  try {
    const found: { line: LineHead; open: OpenFile }[] = [];
    for (const log of session.logs) {
      const open = session.store.descriptors.get(log.slot);
      state.keep(open);
      const { lines } = await readLog(open);
      for (const line of lines) {
        state.gone.note(line);
        if (line.stamp.writer === writer && line.type !== "purged") found.push({ line, open });
      }
    }
    for (const { line, open } of unique(found)) {
      await giveWay();
      const { type, stamp, of, message, after, offset, length } = line;
      const stored = new ImportedLine(stamp);
      stored.isAt(open.file, offset, length);
      const isSmall = type === "info" || type === "truncate";
      const id = type === "message" || type === "part" ? stored.id() : undefined;
      state.add({ type, stamp, id, of, message, after, json: isSmall ? stored.text() : undefined }, stored);
      state.gone.isThere(of ?? stamp);
      state.gone.noteOwn(stamp, type === "message" || type === "part");
    }
    state.gone.settle();
    state.last = state.gone.last;
    return state;
  } catch (error) {
    state.close();
    throw error;
  }
}
