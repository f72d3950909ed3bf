// JSON files of sessions or messages, however long: what each session says of itself and where its messages begin, and the messages
// of a list one after the other.
import { giveWay } from "../base/turn.ts";
import type { OnProblem } from "./importer.ts";
import { JsonPieces, JsonPiecesError } from "./json-pieces.ts";
import type { JsonPiece } from "./json-pieces.ts";
import { chunksOf } from "./source.ts";

const TORN = "it ends in the middle: what comes before that is taken over";

export interface JsonList {
  /** Which one of the file, from 1. */
  readonly number: number;
  /** All but the messages. */
  readonly members: ReadonlyMap<string, unknown>;
  /** Where the list of its messages begins; undefined: it has none. */
  readonly offset: number | undefined;
}

/** The sessions of a file, the messages passed over. Where it is no JSON, it ends, and that is told of. */
export async function* listsIn(path: string, onProblem: OnProblem): AsyncGenerator<JsonList> {
  let members = new Map<string, unknown>();
  let offset: number | undefined;
  let number = 0;
  let isUnderWay = false;
  const pieces = new JsonPieces({ from: "start", messages: false });
  try {
    for await (const piece of piecesOf(path, pieces, 0)) {
      if (piece.kind === "session") {
        members = new Map();
        offset = undefined;
        isUnderWay = true;
      } else if (piece.kind === "member") members.set(piece.key, parsed(piece.text));
      else if (piece.kind === "messages") offset ??= piece.offset;
      else if (piece.kind === "session end") {
        isUnderWay = false;
        yield { number: ++number, members, offset };
      }
    }
    if (!pieces.isWhole) onProblem(path, TORN);
  } catch (error) {
    if (!(error instanceof JsonPiecesError)) throw error;
    onProblem(path, error.message);
  }
  // Of one that is cut off in the middle the messages until then are whole.
  if (isUnderWay && offset !== undefined) yield { number: ++number, members, offset };
}

/** The values of a list that begins at this byte, as texts; undefined: longer than any may be. `onTorn`: it has no end. */
export async function* itemsAt(
  path: string,
  offset: number,
  onTorn: (reason: string) => void = () => undefined,
): AsyncGenerator<string | undefined> {
  try {
    for await (const piece of piecesOf(path, new JsonPieces({ from: "list", messages: true }), offset)) {
      if (piece.kind === "messages end") return;
      if (piece.kind === "message") yield piece.text;
    }
    onTorn(TORN);
  } catch (error) {
    if (!(error instanceof JsonPiecesError)) throw error;
    onTorn(error.message);
  }
}

/** The pieces of a file from a byte on. */
export async function* piecesOf(path: string, pieces: JsonPieces, from: number): AsyncGenerator<JsonPiece> {
  for await (const { bytes, offset } of chunksOf(path, from)) {
    for (const piece of pieces.feed(bytes, offset)) {
      yield piece;
      await giveWay();
    }
    if (pieces.isWhole) return;
    await giveWay();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
