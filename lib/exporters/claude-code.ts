// Back to Claude Code: a transcript for each session, JSONL, a block of an answer a line, each line with the uuid of the one that
// it follows. What an import kept of a line is written as it was, and so are the files that lay beside a transcript.
import type { SessionInfo } from "../base/session-info.ts";
import { isObject } from "../base/object.ts";
import { uuidOf } from "./claude-code-native.ts";
import { Transcript } from "./claude-code-transcript.ts";
import type { SideFile } from "./claude-code-transcript.ts";
import type { Exporter, Folder, OutgoingSession, Text } from "./exporter.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const OWN_NAME = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$/;
const SUBAGENT = /^(.+)\.(agent-[\w-]{1,80})$/s;
const SIDE_NAME = /^(?!.*(?:^|\/)\.\.?(?:\/|$))[^/\\\0][^\\\0]{0,200}$/s;
const MOST_SLUG = 200;

export const claudeCode: Exporter = {
  ending: ".jsonl",
  async *one(session: OutgoingSession): Text {
    yield* new Transcript(session, fileOf(session.info).session).text();
  },
  async into(folder, sessions) {
    for await (const session of sessions) {
      const { path, session: name } = fileOf(session.info);
      const transcript = new Transcript(session, name);
      const tell = (file: string): void => session.tell(`${file} is there already, and was left as it is`, false);
      if (!(await folder.write(`${path}.jsonl`, transcript.text(), "keep"))) tell(`${path}.jsonl`);
      else await writeBeside(folder, path, session.info, transcript.sideFiles, tell);
    }
  },
};

/** The transcript's path, and the name of the session that its lines are of: a subagent's is the one that it works for. */
function fileOf(info: SessionInfo): { path: string; session: string } {
  const { id, directory, parent, metadata } = info;
  const folder = slugOf(directory ?? "/");
  const [, main, agent] = metadata?.["source"] === "claude-code" ? (SUBAGENT.exec(id) ?? []) : [];
  if (main !== undefined && main === parent) {
    const session = nameOf(main, true);
    return { path: `${folder}/${session}/subagents/${agent}`, session };
  }
  const session = nameOf(id, metadata?.["source"] === "claude-code");
  return { path: `${folder}/${session}`, session };
}

/** Claude Code resumes what has a UUID for a name. A name that it gave itself stays. */
function nameOf(id: string, isItsOwn: boolean): string {
  const isOwn = UUID.test(id) || /^agent-[\w-]{1,80}$/.test(id);
  return isOwn || (isItsOwn && OWN_NAME.test(id)) ? id : uuidOf("session", id);
}

/** The folder that it has for a directory. */
function slugOf(directory: string): string {
  const slug = directory.replace(/[^A-Za-z0-9]/g, "-");
  if (slug.length <= MOST_SLUG) return slug;
  let hash = 0;
  for (let at = 0; at < directory.length; at++) hash = (Math.imul(hash, 31) + directory.charCodeAt(at)) | 0;
  return `${slug.slice(0, MOST_SLUG)}-${Math.abs(hash).toString(36)}`;
}

async function writeBeside(
  folder: Folder,
  path: string,
  { metadata }: SessionInfo,
  files: readonly SideFile[],
  tell: (file: string) => void,
): Promise<void> {
  const agent = metadata?.["source"] === "claude-code" ? metadata["agent"] : undefined;
  if (isObject(agent) && !(await folder.write(`${path}.meta.json`, only(JSON.stringify(agent)), "keep")))
    tell(`${path}.meta.json`);
  for (const { name, content } of files) {
    if (SIDE_NAME.test(name) && !(await folder.write(`${path}/${name}`, only(content), "keep")))
      tell(`${path}/${name}`);
  }
}

async function* only<T>(content: T): AsyncGenerator<T> {
  yield content;
}
