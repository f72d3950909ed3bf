// An attachment for specs, and where it lies.
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Store } from "../../lib/index.ts";
import { filesIn, onlyLog } from "./stores.ts";

export const LOW = { blobThreshold: 1024 };
/** A file that is a PDF as far as anybody looks. */
export const PDF = Buffer.concat([Buffer.from("%PDF-1.7\n"), randomBytes(50_000), Buffer.from("\n%%EOF\n")]);
export const PDF_URL = `data:application/pdf;name=a%20b.pdf;base64,${PDF.toString("base64")}`;

export function hashOf(content: Buffer | string): string {
  return createHash("sha256").update(content).digest("hex");
}

export function blobsOf({ path }: Store<any, any>): string[] {
  return filesIn(join(path, "blobs"));
}

/** The data of the log's last line, as it lies there. */
export function lastData(store: Store<any, any>): any {
  return JSON.parse(readFileSync(onlyLog(store.path), "utf8").trimEnd().split("\n").at(-1)!).data;
}
