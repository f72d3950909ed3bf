// A session's name as a file's, on every file system; its id may be anything.
import { createHash } from "node:crypto";

const MOST_CHARACTERS = 100;
const HASH_CHARACTERS = 12;
const PLAIN = /^[a-z0-9_-][a-z0-9._-]*$/;
/** What Windows takes for a device, and the index beside the sessions. */
const TAKEN = /^(?:index|con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/;

/** Two ids never share a name: where one is not plain, its hash tells them apart. */
export function fileName(id: string): string {
  if (PLAIN.test(id) && id.length <= MOST_CHARACTERS && !TAKEN.test(id) && !id.endsWith(".")) return id;
  const plain = id.replace(/[^A-Za-z0-9_-]+/g, "_").slice(0, MOST_CHARACTERS - HASH_CHARACTERS);
  const hash = createHash("sha256").update(id).digest("hex").slice(0, HASH_CHARACTERS);
  return `${plain.toLowerCase()}~${hash}`;
}
