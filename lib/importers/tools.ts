// The tools whose sessions can be imported, and which of them are meant.
import { ArgumentError, StoreError } from "../base/errors.ts";
import type { ImportSource } from "../base/import.ts";
import { claudeCode } from "./claude-code.ts";
import { codex } from "./codex.ts";
import { geminiCli } from "./gemini.ts";
import type { Importer } from "./importer.ts";
import { openclaw, pi } from "./pi.ts";
import { picoclaw } from "./picoclaw.ts";
import { kindOf } from "./source.ts";
import { turnlog } from "./turnlog.ts";

/** In the order in which they are asked whose a file is: pi takes what openclaw would, too. */
const IMPORTERS: Readonly<Record<ImportSource, Importer>> = {
  turnlog,
  picoclaw,
  "claude-code": claudeCode,
  codex,
  openclaw,
  pi,
  "gemini-cli": geminiCli,
};

interface Tool {
  readonly name: ImportSource;
  readonly importer: Importer;
  readonly path: string;
}

/** One tool, and "all" those that have something there: at the path, or without one where each keeps its sessions. */
export async function toolsFor(source: ImportSource | "auto" | "all", path: string | undefined): Promise<Tool[]> {
  if (source === "auto" && path === undefined)
    throw new ArgumentError("INVALID_ARGUMENT", 'the source "auto" needs a path');
  if (path !== undefined && (source === "auto" || source === "all")) {
    checkThere(path);
    const tools: Tool[] = [];
    for (const { name, importer } of importers()) {
      if (await importer.recognizes(path)) tools.push({ name, importer, path });
      if (source === "auto" && tools.length > 0) return tools;
    }
    if (source === "all" && tools.length > 0) return tools;
    throw new ArgumentError("INVALID_ARGUMENT", `${path} is no session file of a known tool, nor has it any`);
  }
  if (source === "all") {
    return importers().flatMap(({ name, importer }) => {
      const own = importer.defaultPath();
      return own === undefined || kindOf(own) === undefined ? [] : [{ name, importer, path: own }];
    });
  }
  const importer = Object.hasOwn(IMPORTERS, source) ? IMPORTERS[source as ImportSource] : undefined;
  if (importer === undefined) {
    const known = Object.keys(IMPORTERS).join(", ");
    throw new ArgumentError("INVALID_ARGUMENT", `unknown source ${JSON.stringify(source)} (known: ${known}, auto, all)`);
  }
  const own = path ?? importer.defaultPath();
  if (own === undefined) throw new ArgumentError("INVALID_ARGUMENT", `the source "${source}" needs a path`);
  checkThere(own);
  return [{ name: source as ImportSource, importer, path: own }];
}

function importers(): { name: ImportSource; importer: Importer }[] {
  return Object.entries(IMPORTERS).map(([name, importer]) => ({ name: name as ImportSource, importer }));
}

function checkThere(path: string): void {
  if (kindOf(path) === undefined) throw new StoreError("NOT_FOUND", `nothing to import at ${path}`, { path });
}
