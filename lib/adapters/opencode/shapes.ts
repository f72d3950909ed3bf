// What opencode keeps as sessions, messages and parts of ours, shaped as an import of it shapes them, and back.
import type { Entry } from "../../base/entry.ts";
import type { SessionInfo, SessionPatch } from "../../base/session-info.ts";
import type { OpencodeMessage, OpencodePart, OpencodeSession } from "./types.ts";

type Fields = Record<string, unknown>;

/** Where a session's metadata keep what opencode says of it. */
const INFO = "info";

export function patchOf(session: OpencodeSession): SessionPatch {
  const { title, directory, parentID, version, projectID, time } = session;
  return {
    title: title ?? null,
    ...(title !== undefined && { titleSource: "auto" }),
    project: projectID,
    directory: directory ?? null,
    parent: parentID ?? null,
    archived: time?.archived === undefined ? null : true,
    metadata: { source: "opencode", ...(version !== undefined && { version }), [INFO]: session },
  };
}

/** Undefined: it was not written by this adapter. */
export function sessionOf({ metadata }: SessionInfo): unknown {
  return metadata?.["source"] === "opencode" ? metadata[INFO] : undefined;
}

export function messageOf(message: OpencodeMessage): Fields {
  const { id, sessionID: _session, role, ...record } = message as OpencodeMessage & Fields;
  const model = record["modelID"];
  return {
    id,
    role,
    content: "",
    ...(typeof model === "string" && { model }),
    ...(role === "assistant" && record["summary"] === true && { type: "compaction" }),
    record,
  };
}

export function infoOf(sessionID: string, { id, data }: Entry): Fields {
  return { ...(data["record"] as Fields), id, sessionID, role: data["role"] };
}

export function partOf(part: OpencodePart): Fields {
  const { sessionID: _session, messageID: _message, ...data } = part as OpencodePart & Fields;
  return data;
}

export function partIn(sessionID: string, messageID: string, data: Readonly<Fields>): Fields {
  return { ...data, sessionID, messageID };
}

/** A text, or a thought, that has begun and is not through. */
export function isGrowing(part: OpencodePart): boolean {
  const { type, time } = part as OpencodePart & { time?: { start?: unknown; end?: unknown } };
  return (type === "text" || type === "reasoning") && time?.start !== undefined && time.end === undefined;
}
