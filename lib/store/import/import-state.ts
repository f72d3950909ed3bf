// What earlier imports of a session have written: all lines of its import's writer, whichever log they lie in.
import { createHash } from "node:crypto";
import { compareStamps, formatStamp } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import { canonical } from "../../line/canonical.ts";
import { normalText } from "../../line/same-data.ts";
import { dataText, decodeLabel } from "../../line/decode.ts";
import type { LineHead } from "../../line/decode.ts";
import type { Draft } from "../../line/encode.ts";
import { giveWay } from "../../base/turn.ts";
import type { OpenFile } from "../../disk/descriptors.ts";
import { readLog } from "../read/content.ts";
import type { SessionState } from "../session-state.ts";
import { unique } from "../read/unite.ts";

const DIGEST_BYTES = 16;

export interface ImportedMessage {
  readonly place: Stamp;
  /** Of its newest version; undefined: that line was altered, and nobody can tell what it was. */
  digest: string | undefined;
  /** The length of that version's JSON. */
  length: number;
  /** The digests of the versions before that, if there are any. */
  older?: Set<string>;
}

export class ImportState {
  /** Messages by their ids, in the order of their places. */
  readonly messages: Map<string, ImportedMessage> = new Map();
  readonly #parts = new Map<string, ImportedMessage>();
  readonly #info = new Map<string, string>();
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

  /** Takes one line of the import's writer. `json` is the text of its data, and `digest` what is made of it. */
  add(
    { type, stamp, id, of, message, json, after }: Omit<Draft, "isPlainId">,
    digest: string | undefined = digestIf(json),
  ): void {
    if (this.last === undefined || compareStamps(stamp, this.last) > 0) this.last = stamp;
    if (type === "session") this.header ??= stamp;
    else if (type === "head") this.head = after;
    if (type === "message") this.#addMessage(stamp, id, of, json, digest);
    if (type === "part" && message !== undefined) this.#addPart(message, stamp, id, of, json, digest);
    if (json === undefined) return;
    if (type === "info") this.#addInfo(json);
    else if (type === "truncate") {
      this.cut = (JSON.parse(json) as { to: string | null }).to;
      this.#cutAt = stamp;
    }
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

  #addMessage(
    stamp: Stamp,
    id: string | undefined,
    of: Stamp | undefined,
    json: string | undefined,
    digest: string | undefined,
  ): void {
    const name = id ?? formatStamp(of ?? stamp);
    const known = this.messages.get(name);
    const length = json?.length ?? 0;
    if (known === undefined) this.messages.set(name, { place: of ?? stamp, digest, length });
    else {
      if (known.digest !== undefined) (known.older ??= new Set()).add(known.digest);
      known.digest = digest;
      known.length = length;
    }
    this.#lastMessage = stamp;
    if (of !== undefined) return;
    this.#lastPlace = stamp;
    this.head = undefined;
  }

  /** A part that an import has written. */
  part(message: Stamp, id: string): ImportedMessage | undefined {
    return this.#parts.get(partKey(message, id));
  }

  #addPart(
    message: Stamp,
    stamp: Stamp,
    id: string | undefined,
    of: Stamp | undefined,
    json: string | undefined,
    digest: string | undefined,
  ): void {
    const part = { place: of ?? stamp, digest, length: json?.length ?? 0 };
    this.#parts.set(partKey(message, id ?? formatStamp(of ?? stamp)), part);
  }

  #addInfo(json: string): void {
    for (const [key, value] of Object.entries(JSON.parse(json) as object)) this.#info.set(key, canonical(value));
  }
}

/** Reads what the import's writer has written to the session's logs. */
export async function readImportState(session: SessionState, writer: string): Promise<ImportState> {
  const state = new ImportState();
  const found: { line: LineHead; open: OpenFile }[] = [];
  const opens: OpenFile[] = [];
  try {
    for (const log of session.logs) {
      const open = session.store.descriptors.get(log.slot).pin();
      opens.push(open);
      const { lines } = await readLog(open);
      for (const line of lines) if (line.stamp.writer === writer) found.push({ line, open });
    }
    for (const { line, open } of unique(found)) {
      await giveWay();
      const bytes = Buffer.allocUnsafe(line.length);
      const end = open.file.read(bytes, 0, line.length, line.offset);
      const { type, stamp, of, message, after } = line;
      const { id } = decodeLabel(bytes, 0, end);
      state.add({ type, stamp, id, of, message, after, json: dataText(bytes, 0, end) });
    }
  } finally {
    for (const open of opens) open.unpin();
  }
  return state;
}

/** Two texts of one message differ here if they differ at all. */
export function digestOf(json: string): string {
  // The two separators are escaped in the log, and not in what JSON.stringify makes.
  const text = normalText(json)
    .replaceAll("\u2028", String.raw`\u2028`)
    .replaceAll("\u2029", String.raw`\u2029`);
  return createHash("sha256").update(text).digest().toString("base64", 0, DIGEST_BYTES);
}

function digestIf(json: string | undefined): string | undefined {
  return json === undefined ? undefined : digestOf(json);
}

/** Short: a long session has hundreds of thousands of parts. */
function partKey({ ms, counter }: Stamp, id: string): string {
  return `${ms.toString(36)}.${counter.toString(36)}.${id}`;
}
