// The subagents whose lines stand in a session's own file, as versions before 2.0 wrote them.
import { isSidechain, noteRoot } from "./claude-code-chains.ts";
import { parseObject, timeOf } from "./importer.ts";
import { linesOf } from "./source.ts";

export interface Sidechain {
  /** Its first line. */
  readonly root: string;
  readonly ms: number | undefined;
}

const MARK = /"isSidechain":\s*true/;
const OTHER_MARK = /"isSidechain":\s*false/;

/** `hasOthers`: there are lines that are no subagent's, too. */
export async function sidechainsIn(path: string): Promise<{ sidechains: Sidechain[]; hasOthers: boolean }> {
  const found = new Map<string, Sidechain>();
  const rootOf = new Map<string, string>();
  let hasOthers = false;
  for await (const { text } of linesOf(path)) {
    hasOthers ||= text !== undefined && OTHER_MARK.test(text);
    const value = text !== undefined && MARK.test(text) ? parseObject(text) : undefined;
    if (value === undefined || !isSidechain(value)) continue;
    const root = noteRoot(value, rootOf);
    if (root !== undefined && !found.has(root)) found.set(root, { root, ms: timeOf(value["timestamp"]) });
  }
  return { sidechains: [...found.values()], hasOthers };
}
