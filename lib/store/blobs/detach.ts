// Attachments on their way out: the very text that was given, or the reference to its file. One that is missing makes
// nothing else unreadable.
import type { BlobMode } from "../../base/blob.ts";
import type { Entry, Part } from "../../base/entry.ts";
import { openBlobs, put } from "../../line/blob.ts";
import { textOf } from "./blob.ts";
import type { SessionState } from "../session-state.ts";

/** A message with its parts, from lines' data, which is changed. */
export async function detach<M extends object, P extends object>(
  session: SessionState,
  entry: Entry<M, P>,
  mode: BlobMode,
): Promise<Entry<M, P>> {
  const parts: Part<P>[] = [];
  for (const part of entry.parts) parts.push({ ...part, ...(await detachData(session, part.data, mode)) } as Part<P>);
  return { ...entry, ...(await detachData(session, entry.data, mode)), parts } as Entry<object, object> as Entry<M, P>;
}

/** `missing`: a reference stands where its file is not there, or is not what was written. */
export async function detachData(
  session: SessionState,
  data: unknown,
  mode: BlobMode,
): Promise<{ readonly data: object; readonly missing?: true }> {
  const { holder, sites } = openBlobs(data);
  let isMissing = false;
  for (const site of mode === "restore" ? sites : []) {
    const text = await textOf(session.store, site.value);
    if (typeof text === "string") put(site, text);
    else {
      isMissing = true;
      const { code, path, cause } = text;
      const what = code === "blob-missing" ? "is missing" : "is not what was written";
      const message = `the attachment ${site.value.$blob} ${what}: the entry has its reference in its place`;
      if (session.store.events.isNew(`${code} ${session.id} ${site.value.$blob}`))
        session.store.warn({ code, message, session: session.id, path, cause });
    }
  }
  return { data: holder.data as object, ...(isMissing && { missing: true }) };
}
