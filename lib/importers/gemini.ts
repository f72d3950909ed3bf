// gemini-cli (as of 0.61): below ~/.gemini/tmp/<project>/chats/ a file a session, `session-<time>-<id>.jsonl`, a log of
// operations, or `.json` before 0.40; a subagent's lies in a folder that is named after the session that it works for.
import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { giveWay } from "../base/turn.ts";
import { isObject } from "../base/object.ts";
import { readGemini } from "./gemini-session.ts";
import type { Importer, OnProblem, SourceSession } from "./importer.ts";
import { parseObject, textIn, timeOf, tolerating, toleratingLater } from "./importer.ts";
import { firstRecordsIn } from "./records.ts";
import { directoryOf, home, kindOf, modifiedMs, peek, textOf } from "./source.ts";
import { filesBelow } from "./walk.ts";

const WALK = {
  file: /\.jsonl?$/,
  home: /^\.gemini$|^(?:projects|settings|logs)\.json$|^\.project_root$/,
  rooms: ["tmp", "chats"],
};

interface Found {
  readonly path: string;
  readonly id: string;
  readonly createdMs: number;
  readonly isNamedByFile: boolean;
}

export const geminiCli: Importer = {
  defaultPath: () => join(directoryOf("GEMINI_CLI_HOME", home()), ".gemini"),
  async recognizes(path) {
    for await (const file of filesBelow(path, WALK, () => undefined)) {
      if ((await lookAt(file, () => undefined)) !== undefined) return true;
    }
    return false;
  },
  async find(path, onProblem, { signal }) {
    const sessions = new Map<string, Found[]>();
    for await (const file of filesBelow(path, WALK, onProblem)) {
      signal?.throwIfAborted();
      await giveWay();
      const found = await toleratingLater(file, onProblem, () => lookAt(file, onProblem), undefined);
      if (found === undefined) continue;
      const files = sessions.get(found.id);
      if (files === undefined) sessions.set(found.id, [found]);
      else files.push(found);
    }
    return [...sessions.values()].map((files) => sessionOf(files, onProblem));
  },
};

function sessionOf(files: readonly Found[], onProblem: OnProblem): SourceSession {
  // The whole file is what a log was begun from.
  const sorted = files.toSorted((a, b) => rankOf(a.path) - rankOf(b.path) || (a.path < b.path ? -1 : 1));
  const { id, path, isNamedByFile } = sorted.at(-1) as Found;
  const paths = sorted.map((file) => file.path);
  const createdMs = Math.min(...sorted.map((file) => file.createdMs));
  const inside = basename(dirname(path));
  const isSubagents = basename(dirname(dirname(path))) === "chats";
  const directory = directoryOfProject(isSubagents ? dirname(dirname(path)) : dirname(path), onProblem);
  const parent = isSubagents && inside !== id ? inside : undefined;
  return {
    id,
    isNamedByFile,
    identity: `gemini-cli ${id}`,
    path,
    files: paths,
    createdMs,
    beside: [directory ?? null, parent ?? null],
    lines: () => readGemini({ paths, createdMs, directory, parent }, onProblem),
  };
}

function rankOf(path: string): number {
  return Number(path.endsWith(".jsonl"));
}

/** Undefined: it is no session. */
async function lookAt(path: string, onProblem: OnProblem): Promise<Found | undefined> {
  const header = path.endsWith(".json") ? headerOfDocument(path) : await headerOfLog(path);
  if (header === undefined) {
    if (basename(path).startsWith("session-")) onProblem(path, "no session: it does not begin as one");
    return undefined;
  }
  const named = textIn(header, "sessionId");
  const id = named ?? basename(path).replace(WALK.file, "");
  const isNamedByFile = named === undefined;
  return {
    path,
    id,
    isNamedByFile,
    createdMs: timeOf(header["startTime"]) ?? timeOf(header["start_time"]) ?? modifiedMs(path),
  };
}

async function headerOfLog(path: string): Promise<Record<string, unknown> | undefined> {
  for await (const value of firstRecordsIn(path)) {
    const isHeader = textIn(value, "sessionId") !== undefined && textIn(value, "projectHash") !== undefined;
    return isHeader && !("message" in value) ? value : undefined;
  }
  return undefined;
}

/** What stands before the messages: the file is one value, and may be long. */
function headerOfDocument(path: string): Record<string, unknown> | undefined {
  const text = peek(path);
  const start = /"(?:messages|history)"\s*:\s*\[/.exec(text);
  if (start === null) return undefined;
  const before = parseObject(`${text.slice(0, start.index).replace(/,\s*$/, "")}}`);
  if (before === undefined) return undefined;
  if (textIn(before, "sessionId") !== undefined)
    return "projectHash" in before || "startTime" in before ? before : undefined;
  // One that begins with its messages has parts in them.
  const isOlder = /^\{\s*"history"\s*:\s*\[\s*\{\s*"role"\s*:\s*"[^"]*"\s*,\s*"parts"/.test(text.trimStart());
  return isOlder ? parseObject(textOf(path)) : undefined;
}

/** The directory that a project's chats are about: it is named beside them, or in the list of all projects. */
function directoryOfProject(chats: string, onProblem: OnProblem): string | undefined {
  const project = dirname(chats);
  if (basename(chats) !== "chats") return undefined;
  const own = join(project, ".project_root");
  const named = kindOf(own) === "file" ? tolerating(own, onProblem, () => textOf(own), "").trim() : "";
  if (named !== "") return named;
  const list = join(dirname(dirname(project)), "projects.json");
  if (kindOf(list) !== "file") return undefined;
  const projects = parseObject(tolerating(list, onProblem, () => textOf(list), "{}"))?.["projects"];
  const name = basename(project);
  // Older versions named a project by the hash of its path.
  const isIt = ([path, slug]: [string, unknown]): boolean =>
    slug === name || createHash("sha256").update(path).digest("hex") === name;
  return isObject(projects) ? Object.entries(projects).find(isIt)?.[0] : undefined;
}
