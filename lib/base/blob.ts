// Attachments: what stands in a line in the place of one, and what a caller can do with it.

/** What stands in a line in the place of a text that is base64: the file in blobs/ and all that makes it that text again. */
export interface BlobReference {
  /** `sha256-` and the SHA-256 of the file in 64 lower-case hex digits. */
  readonly $blob: string;
  /** Of the file, which is not in base64. */
  readonly bytes: number;
  /** As the text or what stood beside it said, or as the content shows. */
  readonly mime?: string;
  /** What the text had before its base64: `data:application/pdf;base64,`. */
  readonly prefix?: string;
  /** It had `-` and `_` where base64 has `+` and `/`. */
  readonly encoding?: "base64url";
  /** It ended without the `=` that fill it up. */
  readonly padding?: false;
}

/** How reads give attachments: as the very text that was written, or as the reference to the file. */
export type BlobMode = "restore" | "reference";

/** An attachment's file. It never changes. The path is one of the file system's, but in a store in memory. */
export interface StoredBlob {
  readonly path: string;
  readonly bytes: number;
  readonly mime?: string;
  /** The content piece by piece, at most 768 KiB each. Rejects with DAMAGED at its end if it is not what was written. */
  stream(): AsyncGenerator<Uint8Array>;
  /** All of it. */
  read(): Promise<Uint8Array>;
}
