// What `opencode export` writes: one session, {info, messages: [{info, parts}]}.
import type { OnProblem } from "./importer.ts";
import { parseObject, textIn, timeOf } from "./importer.ts";
import { JsonPieces, JsonPiecesError } from "./json-pieces.ts";
import type { JsonPiece } from "./json-pieces.ts";
import type { Dated } from "./opencode-ids.ts";
import { timeOfId } from "./opencode-ids.ts";
import type { Fields, Room, RoomSession } from "./opencode-room.ts";
import { withoutSecrets } from "./opencode-room.ts";
import { giveWay } from "../base/turn.ts";
import { isObject } from "../base/object.ts";
import { chunksOf, lineAt, modifiedMs } from "./source.ts";

const MARK = Buffer.from("\uFEFF");

/** Where a message is in the file. */
interface Piece {
  readonly offset: number;
  readonly length: number;
  readonly ms: number;
}

export class ExportRoom implements Room {
  readonly path: string;
  readonly #onProblem: OnProblem;
  #info: Fields | undefined;
  #pieces = new Map<string, Piece>();
  #last: { readonly id: string; readonly value: Fields | undefined } | undefined;

  constructor(path: string, onProblem: OnProblem) {
    this.path = path;
    this.#onProblem = onProblem;
  }

  async *sessions(): AsyncGenerator<RoomSession> {
    await this.#readInfo();
    const id = this.#info === undefined ? undefined : textIn(this.#info, "id");
    if (this.#info === undefined || id === undefined) {
      this.#onProblem(this.path, "no export of opencode: it does not say which session it is");
      return;
    }
    const time = isObject(this.#info["time"]) ? this.#info["time"] : {};
    const createdMs = timeOf(time["created"]) ?? timeOfId(id, modifiedMs(this.path)) ?? modifiedMs(this.path);
    yield { id, path: this.path, createdMs, updatedMs: timeOf(time["updated"]) ?? createdMs };
  }

  session(): Promise<Fields | undefined> {
    return Promise.resolve(this.#info === undefined ? undefined : withoutSecrets(this.#info));
  }

  async messages(): Promise<Dated[]> {
    if (this.#pieces.size === 0) await this.#readPieces();
    return [...this.#pieces].map(([id, { ms }]) => ({ id, ms }));
  }

  message(_session: string, id: string): Promise<Fields | undefined> {
    const info = this.#messageOf(id)?.["info"];
    return Promise.resolve(isObject(info) ? info : undefined);
  }

  partIds(_session: string, message: string): Promise<string[]> {
    return Promise.resolve(this.#partsOf(message).map(([id]) => id));
  }

  part(_session: string, message: string, id: string): Promise<Fields | undefined> {
    return Promise.resolve(this.#partsOf(message).find(([each]) => each === id)?.[1]);
  }

  asides(): Promise<Fields> {
    return Promise.resolve({});
  }

  close(): Promise<void> {
    this.#pieces = new Map();
    this.#last = undefined;
    return Promise.resolve();
  }

  #partsOf(message: string): [string, Fields][] {
    const parts = this.#messageOf(message)?.["parts"];
    const all = Array.isArray(parts) ? parts.filter(isObject) : [];
    return all.map((part, index) => [textIn(part, "id") ?? `part ${index + 1}`, part]);
  }

  #messageOf(id: string): Fields | undefined {
    const piece = this.#pieces.get(id);
    if (piece === undefined) return undefined;
    if (this.#last?.id !== id) this.#last = { id, value: parseObject(lineAt(this.path, piece.offset, piece.length)) };
    return this.#last.value;
  }

  /** The session stands before its messages; where it stands after them all is read. */
  async #readInfo(): Promise<void> {
    for await (const piece of this.#piecesFrom(0, false)) {
      if (piece.kind !== "member" || piece.key !== "info") continue;
      this.#info = parseObject(piece.text);
      return;
    }
  }

  async #readPieces(): Promise<void> {
    let start: number | undefined;
    for await (const piece of this.#piecesFrom(0, false)) {
      if (piece.kind !== "messages") continue;
      start = piece.offset;
      break;
    }
    if (start === undefined) return;
    let number = 0;
    for await (const piece of this.#piecesFrom(start, true)) {
      if (piece.kind === "messages end") return;
      if (piece.kind !== "message") continue;
      number++;
      const value = piece.text === undefined ? undefined : parseObject(piece.text);
      const info = isObject(value?.["info"]) ? value["info"] : undefined;
      const id = info === undefined ? undefined : textIn(info, "id");
      if (info === undefined || id === undefined) this.#onProblem(this.path, `message ${number} is none`);
      else {
        const time = isObject(info["time"]) ? info["time"] : {};
        const ms = timeOf(time["created"]) ?? modifiedMs(this.path);
        this.#pieces.set(id, { offset: piece.offset, length: piece.length, ms });
      }
    }
    this.#onProblem(this.path, "it ends within a message: what comes before that is taken over");
  }

  async *#piecesFrom(from: number, isWithMessages: boolean): AsyncGenerator<JsonPiece> {
    const pieces = new JsonPieces({ from: isWithMessages ? "list" : "start", messages: isWithMessages });
    try {
      for await (const { bytes, offset } of chunksOf(this.path, from)) {
        const marks = offset === 0 && bytes.subarray(0, MARK.length).equals(MARK) ? MARK.length : 0;
        for (const piece of pieces.feed(bytes.subarray(marks), offset + marks)) {
          yield piece;
          await giveWay();
        }
      }
    } catch (error) {
      if (!(error instanceof JsonPiecesError)) throw error;
      this.#onProblem(this.path, error.message);
    }
  }
}

/** True for the beginning of one. */
export function isOpencodeExport(beginning: string): boolean {
  const info = /^\s*\{\s*"info"\s*:\s*\{/.exec(beginning);
  return (
    info !== null && /"(?:projectID|directory|slug|version)"\s*:/.test(beginning) && /"id"\s*:\s*"/.test(beginning)
  );
}
