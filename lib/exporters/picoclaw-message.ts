// A message as picoclaw's: one role, one text, calls beside it, and one message for each result of a tool.
import type { Entry } from "../base/entry.ts";
import type { CallNames } from "./call-names.ts";
import { blocksOf, roleOf } from "./content.ts";
import type { Block, Media } from "./content.ts";
import { noteOf } from "./notes.ts";

type Message = Readonly<Record<string, unknown>>;

const ROLES: ReadonlySet<string> = new Set(["user", "assistant", "system", "tool"]);
const ROLE_OF: Readonly<Record<string, string>> = { model: "assistant", gemini: "assistant", developer: "system" };
/** All that a message of picoclaw's can have. */
const FIELDS: ReadonlySet<string> = new Set([
  "role",
  "content",
  "model_name",
  "created_at",
  "media",
  "attachments",
  "reasoning_content",
  "system_parts",
  "tool_calls",
  "tool_call_id",
]);

/** What one message becomes, `calls` being those of its session; one that is picoclaw's already stays as it is. */
export function* picoclawMessages(entry: Entry, calls: CallNames): Generator<Message> {
  const { data, parts } = entry;
  const { role, content, ...rest } = data;
  if (parts.length === 0 && typeof content === "string" && ROLES.has(String(role))) {
    if (Object.keys(rest).every((key) => FIELDS.has(key))) {
      // It is told by how its line begins.
      yield { role, content, ...rest };
      return;
    }
  }
  const speaker = roleOf(data);
  const own = ROLES.has(speaker) ? speaker : (ROLE_OF[speaker] ?? "user");
  let gathered: Block[] = [];
  for (const block of blocksOf(entry)) {
    if (block.kind !== "result") {
      gathered.push(block);
      continue;
    }
    if (gathered.length > 0) yield messageOf(own, gathered, calls);
    gathered = [];
    yield { role: "tool", content: block.content.map(noteOf).join("\n"), tool_call_id: calls.answered(block) };
  }
  if (gathered.length > 0) yield messageOf(own === "tool" ? "user" : own, gathered, calls);
}

function messageOf(role: string, blocks: readonly Block[], calls: CallNames): Message {
  const texts: string[] = [];
  const thoughts: string[] = [];
  const media: string[] = [];
  const attachments: object[] = [];
  const called: object[] = [];
  for (const block of blocks) {
    if (block.kind === "reasoning") thoughts.push(block.text);
    else if (block.kind === "call") {
      const text = typeof block.input === "string" ? block.input : (JSON.stringify(block.input) ?? "{}");
      called.push({ id: calls.called(block), type: "function", function: { name: block.name, arguments: text } });
    } else if (block.kind === "image" || (block.kind === "file" && block.text === undefined)) {
      const url = urlOf(block.media);
      const { name, mime } = block.media;
      if (url === undefined) texts.push(noteOf(block));
      else if (block.kind === "image") media.push(url);
      else
        attachments.push({ type: "file", url, ...(name && { filename: name }), ...(mime && { content_type: mime }) });
    } else texts.push(block.kind === "file" ? (block.text ?? "") : noteOf(block));
  }
  const reasoning = thoughts.filter((text) => text !== "").join("\n\n");
  return {
    role,
    content: texts.join("\n\n"),
    ...(media.length > 0 && { media }),
    ...(attachments.length > 0 && { attachments }),
    ...(reasoning !== "" && { reasoning_content: reasoning }),
    ...(called.length > 0 && { tool_calls: called }),
  };
}

function urlOf({ base64, mime, url }: Media): string | undefined {
  return base64 === undefined ? url : `data:${mime ?? "application/octet-stream"};base64,${base64}`;
}
