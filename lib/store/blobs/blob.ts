// An attachment's file, and the text that it was.
import type { BlobReference, StoredBlob } from "../../base/blob.ts";
import { crypto } from "../../base/crypto.ts";
import { ArgumentError, errno, StoreError } from "../../base/errors.ts";
import { Turns } from "../../base/slices.ts";
import type { BlobFile } from "../../disk/blobs.ts";
import { hashOf, isReference } from "../../line/blob.ts";
import type { StoreState } from "../state.ts";

/** So much is read at a time: a multiple of 3, so that each piece is base64 by itself. */
const PIECE_BYTES = 768 * 1024;
const MOST_TRIES = 3;

/** Undefined: it is not here, or not as long as the reference says. */
export async function blobOf(store: StoreState, reference: unknown): Promise<StoredBlob | undefined> {
  if (!isReference(reference))
    throw new ArgumentError("INVALID_ARGUMENT", 'blob() takes the reference that a read with blobs: "reference" gives');
  await store.remote?.lookForBlob(hashOf(reference));
  const { bytes, mime } = reference;
  const file = [...filesOf(store, reference)].find((each) => each.bytes === bytes);
  if (file === undefined) return undefined;
  const stream = (): AsyncGenerator<Buffer> => piecesOf(store, file);
  return {
    path: file.path,
    bytes,
    ...(mime !== undefined && { mime }),
    stream,
    async read() {
      const pieces: Buffer[] = [];
      for await (const piece of stream()) pieces.push(piece);
      return Buffer.concat(pieces);
    },
  };
}

/** Why an attachment cannot be given: its file is not there, or is not what was written, or cannot be read. */
export interface Missing {
  readonly code: "blob-missing" | "blob-wrong";
  readonly path: string;
  readonly cause: unknown;
}

/** The text that an attachment was, exactly. */
export async function textOf(store: StoreState, reference: BlobReference): Promise<string | Missing> {
  for (let tries = 1; ; tries++) {
    const found = await textIn(store, reference);
    // It was moved between our look and our opening it.
    if (typeof found === "string" || errno(found.cause) !== "ENOENT" || tries === MOST_TRIES) return found;
  }
}

async function textIn(store: StoreState, reference: BlobReference): Promise<string | Missing> {
  await store.remote?.lookForBlob(hashOf(reference));
  let missing: Missing = { code: "blob-missing", path: store.layout.blobs, cause: undefined };
  try {
    for (const file of filesOf(store, reference)) {
      missing = { code: "blob-wrong", path: file.path, cause: undefined };
      if (file.bytes !== reference.bytes) continue;
      try {
        return await encoded(store, file, reference);
      } catch (cause) {
        missing = { code: "blob-wrong", path: file.path, cause };
      }
    }
    return missing;
  } catch (cause) {
    return { ...missing, cause };
  }
}

function filesOf({ blobs }: StoreState, reference: BlobReference): Generator<BlobFile> {
  return blobs.find(hashOf(reference));
}

async function encoded(store: StoreState, file: BlobFile, reference: BlobReference): Promise<string> {
  const { prefix = "", encoding = "base64", padding = true, bytes } = reference;
  let text = prefix;
  for await (const piece of piecesOf(store, file)) text += piece.toString(encoding);
  const filling = (3 - (bytes % 3)) % 3;
  if (filling === 0 || padding === (encoding === "base64")) return text;
  return padding ? text + "=".repeat(filling) : text.slice(0, -filling);
}

/** Throws DAMAGED at the end if it is not the content that it is named by. */
export async function* piecesOf(
  { vfs }: Pick<StoreState, "vfs">,
  { path, hash, bytes }: BlobFile,
): AsyncGenerator<Buffer> {
  const turns = new Turns();
  const sum = crypto().createHash("sha256");
  const file = vfs.open(path, "read");
  try {
    for (let at = 0; at < bytes;) {
      const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, bytes - at));
      const count = await file.readLater(piece, 0, piece.length, at);
      if (count !== piece.length) break;
      sum.update(piece);
      at += count;
      yield piece;
      if (turns.isOver) await turns.giveWay();
    }
  } finally {
    file.close();
  }
  if (sum.digest("hex") !== hash)
    throw new StoreError("DAMAGED", `the attachment ${path} is not what was written`, { path });
}
