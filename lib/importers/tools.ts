// The tools whose sessions can be imported, and which of them are meant.
import { ArgumentError, StoreError } from "../base/errors.ts";
import { faultIn } from "../base/import.ts";
import type { ImportSource } from "../base/import.ts";
import type { Importer } from "./importer.ts";
import { kindOf } from "./source.ts";

/**
 * In the order in which they are asked whose a file is; each is loaded when it is its turn. pi takes what openclaw
 * would, too, and messages is asked last: whatever has messages is theirs that no tool knows.
 */
const IMPORTERS: Readonly<Record<ImportSource, () => Promise<Importer>>> = {
  turnlog: async () => (await import("./turnlog.ts")).turnlog,
  opencode: async () => (await import("./opencode.ts")).opencode,
  picoclaw: async () => (await import("./picoclaw.ts")).picoclaw,
  "claude-code": async () => (await import("./claude-code.ts")).claudeCode,
  codex: async () => (await import("./codex.ts")).codex,
  openclaw: async () => (await import("./pi.ts")).openclaw,
  pi: async () => (await import("./pi.ts")).pi,
  "gemini-cli": async () => (await import("./gemini.ts")).geminiCli,
  messages: async () => (await import("./messages.ts")).messages,
};
const NAMES = Object.keys(IMPORTERS) as ImportSource[];

interface Tool {
  readonly name: ImportSource;
  readonly importer: Importer;
  readonly path: string;
}

/** One tool, and "all" those that have something there: at the path, or without one where each keeps its sessions. */
export async function toolsFor(source: ImportSource | "auto" | "all", path: string | undefined): Promise<Tool[]> {
  const fault = faultIn({ source, path });
  if (fault !== undefined) throw new ArgumentError("INVALID_ARGUMENT", `importFrom: ${fault}`);
  if (source === "auto" || source === "all") return await toolsWith(source, path);
  const importer = await IMPORTERS[source]();
  const own = path ?? importer.defaultPath();
  if (own === undefined) throw new ArgumentError("INVALID_ARGUMENT", `the source "${source}" needs a path`);
  checkThere(own);
  return [{ name: source, importer, path: own }];
}

async function toolsWith(source: "auto" | "all", path: string | undefined): Promise<Tool[]> {
  if (path !== undefined) checkThere(path);
  const tools: Tool[] = [];
  for (const name of NAMES) {
    // What a tool has knows how to be read better than its messages alone do.
    if (name === "messages" && tools.length > 0) break;
    const importer = await IMPORTERS[name]();
    const own = path ?? importer.defaultPath();
    const isThere =
      path === undefined ? own !== undefined && kindOf(own) !== undefined : await importer.recognizes(path);
    if (own !== undefined && isThere) tools.push({ name, importer, path: own });
    if (source === "auto" && tools.length > 0) break;
  }
  if (path !== undefined && tools.length === 0)
    throw new ArgumentError("INVALID_ARGUMENT", `${path} is no session file of a known tool, nor has it any`);
  return tools;
}

function checkThere(path: string): void {
  if (kindOf(path) === undefined) throw new StoreError("NOT_FOUND", `nothing to import at ${path}`, { path });
}
