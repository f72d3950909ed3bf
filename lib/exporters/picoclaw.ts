// Back to picoclaw: for each session a log with a message a line, and what the session is called beside it, in one directory.
// Messages that came from it are written as they were.
import type { SessionInfo } from "../base/session-info.ts";
import { parseStamp } from "../line/stamp.ts";
import { CallNames } from "./call-names.ts";
import type { Exporter, Folder, OutgoingSession, Sessions, Text } from "./exporter.ts";
import { fileName } from "./file-name.ts";
import { picoclawMessages } from "./picoclaw-message.ts";

const MOST_NAME = 200;
const ENDING = ".jsonl";

export const picoclaw: Exporter = {
  ending: ENDING,
  async into(folder, sessions: Sessions) {
    /** As file systems compare them that fold case. */
    const taken = new Set<string>();
    for await (const session of sessions) {
      const { id } = session.info;
      const wanted = nameOf(id);
      const isFree = wanted !== undefined && !taken.has(wanted.toLowerCase());
      const name = isFree ? wanted : fileName(id);
      taken.add(name.toLowerCase());
      if (!isFree)
        session.tell(`written as ${name}${ENDING}: picoclaw, which looks for another name, will not find it`, true);
      await write(folder, name, session);
    }
  },
};

/** The name that picoclaw looks for; undefined: no file can have it. */
function nameOf(key: string): string | undefined {
  const name = key.replace(/[:/\\]/g, "_");
  // oxlint-disable-next-line no-control-regex -- they are what no name may have
  return Buffer.byteLength(name) > MOST_NAME || /[\u0000-\u001f]/.test(name) || name === "" ? undefined : name;
}

async function write(folder: Folder, name: string, session: OutgoingSession): Promise<void> {
  const counted = { lines: 0 };
  if (!(await folder.write(`${name}${ENDING}`, linesOf(session, counted), "keep"))) {
    session.tell(`${name}${ENDING} is there already, and was left as it is`, false);
    return;
  }
  if (!(await folder.write(`${name}.meta.json`, metaOf(session.info, counted.lines), "keep")))
    session.tell(`${name}.meta.json is there already, and was left as it is`, true);
}

async function* linesOf(session: OutgoingSession, counted: { lines: number }): Text {
  const calls = new CallNames("call");
  // What has no time of its own has that of the one before it.
  let ms = Date.parse(session.info.createdAt);
  for await (const entry of session.messages()) {
    for (const message of picoclawMessages(entry, calls)) {
      const own = parseStamp(entry.at)?.ms ?? ms;
      const said = message["created_at"];
      const isTimed = typeof said === "string";
      yield `${JSON.stringify(isTimed || own === ms ? message : { ...message, created_at: new Date(own).toISOString() })}\n`;
      counted.lines++;
      ms = isTimed && !Number.isNaN(Date.parse(said)) ? Date.parse(said) : own;
    }
  }
}

async function* metaOf({ id, summary, createdAt, updatedAt, metadata = {} }: SessionInfo, count: number): Text {
  const { source, scope, aliases } = metadata;
  const own = source === "picoclaw" ? { scope, aliases } : {};
  const times = { created_at: createdAt, updated_at: updatedAt };
  yield `${JSON.stringify({ key: id, summary: summary ?? "", skip: 0, count, ...times, ...own }, null, 2)}\n`;
}
