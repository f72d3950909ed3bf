// What lies beside a transcript, in the directory that has its name: long outputs of tools, journals of workflows. The
// subagents' transcripts there are sessions of their own.
import { join } from "node:path";
import type { OnProblem } from "./importer.ts";
import { tolerating } from "./importer.ts";
import type { KeptLine } from "./kept.ts";
import { bytesOf, kindOf, namesIn } from "./source.ts";

const SUBAGENTS_FILE = /^agent-.*\.(?:jsonl|meta\.json)$/;
const MOST_LEVELS = 6;

export interface SideFile {
  /** Below the directory. */
  readonly name: string;
  readonly path: string;
}

export function sideFilesOf(transcript: string, onProblem: OnProblem): SideFile[] {
  const directory = transcript.replace(/\.jsonl?$/, "");
  const names = tolerating(directory, onProblem, () => namesBelow(directory, "", 0), []);
  return names.map((name) => ({ name, path: join(directory, name) }));
}

/** Each to be kept as {type: "file", path, text}, or with its bytes as base64. */
export function* keptFiles(files: readonly SideFile[], onProblem: OnProblem): Generator<Omit<KeptLine, "ms">> {
  for (const { name, path } of files) {
    const bytes = tolerating(path, onProblem, () => bytesOf(path), undefined);
    if (bytes === undefined) continue;
    const text = bytes.toString("utf8");
    const isText = Buffer.from(text).equals(bytes);
    const content = isText ? { text } : { base64: bytes.toString("base64") };
    yield { record: { type: "file", path: name, ...content }, id: `file ${name}` };
  }
}

function namesBelow(directory: string, prefix: string, level: number): string[] {
  if (kindOf(directory) !== "directory") return [];
  const { files, directories } = namesIn(directory);
  const own = files.filter((name) => !SUBAGENTS_FILE.test(name)).map((name) => prefix + name);
  if (level === MOST_LEVELS) return own;
  return [...own, ...directories.flatMap((name) => namesBelow(join(directory, name), `${prefix}${name}/`, level + 1))];
}
