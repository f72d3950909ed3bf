// Equality of what was given, however it lies on the disk: with an attachment in a file or in the line, as the threshold
// was when it was written.
import { crypto } from "../base/crypto.ts";
import { LEAST_BLOB } from "../base/options.ts";
import { bytesOf, mayBeBase64 } from "./base64.ts";
import { BLOB_KEY, BLOB_MARK, hasBlobKey, openBlobs, put } from "./blob.ts";
import { isEqual } from "./canonical.ts";

/** True when the data of a line and the JSON of another one say the same. */
export function isSameData(data: unknown, json: string): boolean {
  const other: unknown = JSON.parse(json);
  if (isEqual(data, other)) return true;
  // Only where an attachment may lie in a file on one side, and in the line on the other.
  if (!json.includes(BLOB_MARK) && !hasBlobKey(data)) return false;
  return isEqual(normalOf(JSON.parse(JSON.stringify(data))), normalOf(other));
}

/** With the hash and the form of each attachment in its place; what was given is changed. */
function normalOf(data: unknown): unknown {
  const { holder, sites } = openBlobs(data);
  for (const site of sites) {
    const { $blob, prefix = "", encoding = "base64", padding = true } = site.value;
    put(site, [BLOB_KEY, $blob, prefix, encoding, padding]);
  }
  const left: Record<string, unknown>[] = [holder];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    for (const [key, value] of Object.entries(next)) {
      if (typeof value === "string" && value.length > LEAST_BLOB) {
        const normal = normalOfText(value);
        if (normal !== undefined) put({ holder: next, key, value }, normal);
      } else if (typeof value === "object" && value !== null) left.push(value as Record<string, unknown>);
    }
  }
  return holder.data;
}

function normalOfText(text: string): unknown {
  if (!mayBeBase64(text)) return undefined;
  const hash = crypto().createHash("sha256");
  const pieces = bytesOf(text);
  for (let next = pieces.next(); ; next = pieces.next()) {
    if (next.done !== true) hash.update(next.value);
    else if (next.value === undefined) return undefined;
    else return [BLOB_KEY, `sha256-${hash.digest("hex")}`, next.value.prefix, next.value.encoding, next.value.padding];
  }
}
