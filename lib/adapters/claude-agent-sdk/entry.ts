// A line of a transcript as a message of a session, and back. A message is shaped as importing a transcript shapes it: its words
// are the message's `content`, the rest of the line stands in `records`, so it is shown, searched and exported as those are.
import type { SessionPatch } from "../../base/session-info.ts";
import { isObject } from "../../base/object.ts";
import type { SessionStoreEntry } from "./types.ts";

type Fields = Record<string, unknown>;

/** What an entry is called by the SDK; undefined: nothing that could be an id. */
export function nameOf({ uuid }: SessionStoreEntry): string | undefined {
  const isName = typeof uuid === "string" && uuid !== "" && !uuid.includes("\0") && uuid.isWellFormed();
  return isName ? uuid : undefined;
}

/** The same entries, each name once. */
export function distinct(entries: readonly SessionStoreEntry[]): SessionStoreEntry[] {
  const seen = new Set<string>();
  return entries.filter((entry) => {
    const name = nameOf(entry);
    if (name === undefined) return true;
    const isNew = !seen.has(name);
    seen.add(name);
    return isNew;
  });
}

export function messageOf(entry: SessionStoreEntry): Fields {
  const name = nameOf(entry);
  const id = name === undefined ? {} : { id: name };
  const { message } = entry;
  if (!isObject(message) || typeof message["role"] !== "string" || message["content"] === undefined)
    return { ...id, type: entry.type, records: [entry] };
  const { content, ...rest } = message;
  return { ...id, role: message["role"], content, records: [{ ...entry, message: rest }] };
}

/** The line that messageOf() made a message of, but for the order of its keys. Undefined: it made no such message. */
export function entryOf(data: Readonly<Fields>): SessionStoreEntry | undefined {
  const [record] = (Array.isArray(data["records"]) ? data["records"] : []) as [SessionStoreEntry?];
  if (!isObject(record)) return undefined;
  if (!Object.hasOwn(data, "content")) return record;
  return { ...record, message: { ...(record["message"] as Fields), content: data["content"] } };
}

/** What lines say of their session: its directory, and its title. */
export function namesIn(entries: readonly SessionStoreEntry[]): SessionPatch {
  const patch: SessionPatch = {};
  for (const { type, cwd, customTitle, aiTitle } of entries) {
    if (typeof cwd === "string") patch.directory ??= cwd;
    if (type === "custom-title" && typeof customTitle === "string") {
      patch.title = customTitle;
      patch.titleSource = "user";
    }
    if (type === "ai-title" && typeof aiTitle === "string" && patch.titleSource !== "user") {
      patch.title = aiTitle;
      patch.titleSource = "auto";
    }
  }
  return patch;
}
