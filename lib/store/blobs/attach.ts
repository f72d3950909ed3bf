// Attachments on their way in: each text that is base64 becomes a file, on the disk before the line that names it is
// written, and a reference in its place. Hashing and writing give way: a hundred megabytes hold up nobody.
import type { BlobReference } from "../../base/blob.ts";
import { crypto } from "../../base/crypto.ts";
import { errno, ioError } from "../../base/errors.ts";
import { Turns } from "../../base/slices.ts";
import { bytesOf, mimeIn } from "../../line/base64.ts";
import type { Base64Form } from "../../line/base64.ts";
import { hashOf, put } from "../../line/blob.ts";
import type { LongText, Site } from "../../line/blob.ts";
import { endingOf, mimeOf } from "../../line/mime.ts";
import { encode } from "../write/prepare.ts";
import type { Encoded } from "../write/prepare.ts";
import type { SessionState } from "../session-state.ts";

/** Finds out what the long texts are, and completes the JSON. Nothing is written yet. */
export async function describe(session: SessionState, encoded: Encoded): Promise<void> {
  const { taken } = encoded;
  if (taken === undefined || encoded.json !== "") return;
  const turns = new Turns();
  for (const site of taken.sites) put(site, (await referenceOf(site.value, turns)) ?? site.value.text);
  encoded.json = encode(session, taken.value);
}

/** The same, and keeps the attachments. Throws a StoreError with `written: "no"`: no line names them yet. */
export async function attach(session: SessionState, encoded: Encoded): Promise<void> {
  await describe(session, encoded);
  const { taken } = encoded;
  if (taken === undefined) return;
  for (const { holder, key, value } of taken.sites) {
    const reference = holder[key];
    if (typeof reference === "object") await keep(session, value.text, reference as BlobReference);
  }
  // The texts are not held any longer than they are needed.
  encoded.taken = undefined;
}

async function keep({ id, store }: SessionState, text: string, reference: BlobReference): Promise<void> {
  const { bytes, mime } = reference;
  const hash = hashOf(reference);
  const turns = new Turns();
  const pieces = async function* (): AsyncGenerator<Buffer> {
    for (const piece of bytesOf(text)) {
      yield piece;
      if (turns.isOver) await turns.giveWay();
    }
  };
  try {
    await store.blobs.keep({ hash, bytes, ending: endingOf(mime), pieces });
  } catch (error) {
    if (errno(error) === undefined) throw error;
    throw ioError(error, "keep an attachment", { session: id, path: store.layout.blobs, written: "no" });
  }
}

/** Undefined: it is no base64, and stays where it is. */
async function referenceOf({ text, mime }: Site<LongText>["value"], turns: Turns): Promise<BlobReference | undefined> {
  const hash = crypto().createHash("sha256");
  let found: string | undefined;
  let isFirst = true;
  let form: Base64Form | undefined;
  const pieces = bytesOf(text);
  for (let next = pieces.next(); ; next = pieces.next()) {
    if (next.done === true) {
      form = next.value;
      break;
    }
    if (isFirst) found = mimeOf(next.value);
    isFirst = false;
    hash.update(next.value);
    if (turns.isOver) await turns.giveWay();
  }
  if (form === undefined) return undefined;
  const { prefix, encoding, padding, bytes } = form;
  const type = mimeIn(prefix) ?? mime ?? found;
  return {
    $blob: `sha256-${hash.digest("hex")}`,
    bytes,
    ...(type !== undefined && { mime: type }),
    ...(prefix !== "" && { prefix }),
    ...(encoding === "base64url" && { encoding }),
    ...(!padding && { padding }),
  };
}
