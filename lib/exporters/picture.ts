// Pictures that a page may show: those that a browser draws and that can hold nothing else, told by how they begin, whatever
// the message says of them.
import { mimeOf } from "../line/mime.ts";
import { piecesOf } from "./lines.ts";
import type { Media } from "./media.ts";

const SHOWN: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"]);
const BEGINNING_CHARACTERS = 64;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

export interface Picture {
  readonly mime: string;
  /** base64, and nothing else. */
  pieces(): Generator<string>;
}

/** Undefined: a page does not show it. */
export function pictureOf({ base64 }: Media): Picture | undefined {
  if (base64 === undefined) return undefined;
  const mime = mimeOf(Buffer.from(plain(base64.slice(0, BEGINNING_CHARACTERS)), "base64"));
  if (mime === undefined || !SHOWN.has(mime) || !isBase64(base64)) return undefined;
  return {
    mime,
    *pieces() {
      for (const piece of piecesOf(base64)) yield plain(piece);
    },
  };
}

function isBase64(text: string): boolean {
  for (const piece of piecesOf(text)) if (!BASE64.test(plain(piece))) return false;
  return true;
}

function plain(piece: string): string {
  return piece.replaceAll("-", "+").replaceAll("_", "/").replaceAll(/\s/g, "");
}
