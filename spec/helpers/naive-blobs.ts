// Attachments by spec/format.md alone: what stands in the lines, and the text that it was.
import { createHash } from "node:crypto";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The contents of the files below blobs/, by their hashes. */
export function blobsIn(files: ReadonlyMap<string, Buffer>): Map<string, Buffer> {
  const blobs = new Map<string, Buffer>();
  for (const [path, content] of files) {
    const hash = /\/blobs\/([0-9a-f]{2})\/(\1[0-9a-f]{62})(\.[a-z0-9]+)?$/.exec(path)?.[2];
    if (hash !== undefined && createHash("sha256").update(content).digest("hex") === hash) blobs.set(hash, content);
  }
  return blobs;
}

/** The data of a message or part as its caller gave it; a reference stays where its file is not there. */
export function restoreNaively(data: unknown, blobs: ReadonlyMap<string, Buffer>): unknown {
  return restored(data as Json, blobs);
}

function restored(value: Json, blobs: ReadonlyMap<string, Buffer>): Json {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => restored(each, blobs));
  const text = textOf(value, blobs);
  if (text !== undefined) return text;
  const { $blob: kind, value: inner, ...rest } = value;
  const isEscaped =
    kind === "escaped" && Object.keys(rest).length === 0 && Object.hasOwn(Object(inner) as object, "$blob");
  const fields = Object.entries(isEscaped ? (inner as { [key: string]: Json }) : value);
  return Object.fromEntries(fields.map(([key, each]) => [key, restored(each, blobs)]));
}

function textOf(value: { [key: string]: Json }, blobs: ReadonlyMap<string, Buffer>): string | undefined {
  const { $blob, bytes, mime = "", prefix = "", encoding, padding, ...rest } = value;
  const hash = /^sha256-([0-9a-f]{64})$/.exec(typeof $blob === "string" ? $blob : "")?.[1];
  const content = hash === undefined ? undefined : blobs.get(hash);
  if (content === undefined || Object.keys(rest).length > 0 || content.length !== bytes) return undefined;
  if (typeof mime !== "string" || typeof prefix !== "string") return undefined;
  if (![undefined, false].includes(padding as undefined | false)) return undefined;
  if (![undefined, "base64url"].includes(encoding as undefined | "base64url")) return undefined;
  let text = content.toString("base64");
  if (padding === false) text = text.replace(/=+$/, "");
  if (encoding === "base64url") text = text.replaceAll("+", "-").replaceAll("/", "_");
  return prefix + text;
}
