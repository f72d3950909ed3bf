// What a session of opencode is called, and where it belongs.
import { basename } from "node:path";
import type { SessionPatch } from "../base/session-info.ts";
import { isObject } from "../base/object.ts";
import { textIn, timeOf } from "./importer.ts";
import type { Fields } from "./opencode-room.ts";
import { titleOf } from "./titles.ts";

/** What opencode calls a session until it has a name for it. */
const NO_TITLE = /^(?:New|Child) session - \d{4}-\d\d-\d\dT/;

/** What the user has typed, in the parts of a message. */
export function promptIn(parts: unknown): string | undefined {
  const isTyped = ({ type, synthetic, ignored }: Fields): boolean =>
    type === "text" && synthetic !== true && ignored !== true;
  const typed = Array.isArray(parts) ? parts.filter(isObject).find(isTyped) : undefined;
  return typed === undefined ? undefined : textIn(typed, "text");
}

export function infoOf(session: Fields = {}, prompt: string | undefined): SessionPatch {
  const named = textIn(session, "title");
  const isNamed = named !== undefined && !NO_TITLE.test(named);
  // The terminal hands on what was typed in quotes.
  const title = isNamed ? named : (titleOf(prompt?.replace(/^"(.*)"\s*$/s, "$1")) ?? named);
  const directory = textIn(session, "directory");
  const parent = textIn(session, "parentID") ?? textIn(session, "fork_session_id") ?? textIn(session, "forkSessionID");
  const version = textIn(session, "version");
  const time = isObject(session["time"]) ? session["time"] : {};
  // As other tools' sessions there have it, whatever opencode calls the project; "/" is that of none.
  const project = directory === undefined ? "" : basename(directory);
  return {
    ...(title !== undefined && { title, titleSource: "auto" }),
    ...(directory !== undefined && { directory }),
    ...(project !== "" && { project }),
    ...(parent !== undefined && { parent }),
    archived: timeOf(time["archived"]) === undefined ? null : true,
    metadata: { source: "opencode", ...(version !== undefined && { version }) },
  };
}
