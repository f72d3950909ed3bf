// A line of a transcript as a message of a session, and back. A message is shaped as importing a transcript shapes it: its words
// are the message's `content`, the rest of the line stands in `records`, so it is shown, searched and exported as those are.
import type { SessionPatch } from "../../base/session-info.ts";
import type { SessionStoreEntry } from "./types.ts";

type Fields = Record<string, unknown>;

export function messageOf(entry: SessionStoreEntry): Fields {
  const id = entry.uuid === undefined ? {} : { id: entry.uuid };
  const { message } = entry;
  if (!isFields(message) || typeof message["role"] !== "string" || message["content"] === undefined)
    return { ...id, type: entry.type, records: [entry] };
  const { content, ...rest } = message;
  return { ...id, role: message["role"], content, records: [{ ...entry, message: rest }] };
}

/** The line that messageOf() made a message of, but for the order of its keys. */
export function entryOf(data: Readonly<Fields>): SessionStoreEntry {
  const [record] = data["records"] as [SessionStoreEntry];
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

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
