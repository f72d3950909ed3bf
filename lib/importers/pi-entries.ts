// The entries of a pi session, versions 1 to 3. Version 1 has a line after another; since version 2 each has an id and
// names the one that it follows, so that a session is a tree. pi rewrites older files when it opens them.
import { isObject } from "../base/object.ts";
import type { FoundData } from "../store/import/import.ts";
import { textIn } from "./importer.ts";

export interface Entry {
  readonly data: object;
  /** What it says, for the name that it gets where it has no id. */
  readonly said: unknown;
  /** The words of a prompt. */
  readonly prompt: string | undefined;
  /** As it stood before pi migrated the file. */
  readonly earlier?: () => Iterable<FoundData>;
}

/** pi's own roles, as what the model takes them for. */
const ROLES: Readonly<Record<string, string>> = {
  toolResult: "tool",
  bashExecution: "user",
  custom: "user",
  hookMessage: "user",
  branchSummary: "system",
  compactionSummary: "system",
};

/** Undefined: it is no message. */
export function entryOf(value: Record<string, unknown>): Entry | undefined {
  const { type } = value;
  if (type === "message") return isObject(value["message"]) ? messageOf(value, value["message"]) : undefined;
  if (type === "compaction" || type === "branch_summary") {
    const { summary, ...record } = value;
    return { data: { role: "system", content: summary ?? "", type, record }, said: summary, prompt: undefined };
  }
  if (type !== "custom_message") return undefined;
  const { content, ...record } = value;
  return { data: { role: "user", content: content ?? "", record }, said: content, prompt: undefined };
}

/** The fields of a message stand beside its words; `record` has the rest of the line, and pi's own role. */
function messageOf(value: Record<string, unknown>, message: Record<string, unknown>): Entry {
  const { message: _message, ...envelope } = value;
  const { role: native, content: given, record, id, ...rest } = message;
  const isCommand = native === "bashExecution" && given === undefined;
  // What the user ran says what came of it.
  const { output, ...others } = isCommand ? rest : { ...rest, output: undefined };
  const content = isCommand ? output : given;
  const role = typeof native === "string" ? (Object.hasOwn(ROLES, native) ? ROLES[native] : native) : "user";
  const own = {
    ...(role !== native && { role: native }),
    ...(record !== undefined && { record }),
    ...(id !== undefined && { id }),
  };
  const fields = isCommand ? others : rest;
  const dataWith = (kept: object): object => ({
    role,
    content: content ?? "",
    ...fields,
    record: Object.keys(kept).length > 0 ? { ...envelope, message: kept } : envelope,
  });
  return {
    data: dataWith(own),
    said: content,
    prompt: native === "user" ? wordsIn(given) : undefined,
    // Version 3 has a new name for what version 2 called so.
    ...(native === "custom" && { earlier: () => [{ data: dataWith({ ...own, role: "hookMessage" }) }] }),
  };
}

function wordsIn(content: unknown): string | undefined {
  if (typeof content === "string") return content;
  const blocks = Array.isArray(content) ? content.filter(isObject) : [];
  // Files that were named on the command line come before what was asked.
  const text = blocks.map((block) => textIn(block, "text")).find((each) => each !== undefined);
  return text?.replace(/^(?:<file name="[^"]*">[^]*?<\/file>\s*)+/, "");
}

/** What of a line stays when pi migrates its file. */
export function lastingOf(value: Record<string, unknown>): object {
  const { id: _id, parentId: _parent, targetId: _target, ...rest } = value;
  return rest;
}
