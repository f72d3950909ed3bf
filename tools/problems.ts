// What verify and repair have in common: which sessions are meant, how far they are, problems as lines.
import { relative } from "node:path";
import type { Store, VerifyProblem } from "../lib/index.ts";
import type { Call } from "./command.ts";
import { sessionId } from "./open.ts";
import type { Progress } from "./progress.ts";
import { counted, oneLine } from "./text.ts";

const MEGABYTE = 1_000_000;

/** The sessions that are named; undefined: all. */
export async function sessionIds(store: Store, { args, signal }: Call): Promise<string[] | undefined> {
  if (args.positionals.length === 0) return undefined;
  const ids: string[] = [];
  for (const given of args.positionals) ids.push(await sessionId(store, given, signal));
  return ids;
}

/** `told` gets the same words for the end. */
export function showProgress(
  progress: Progress,
  verb: string,
  told: (text: string) => void,
): (at: { sessions: number; bytes: number }) => void {
  return ({ sessions, bytes }) => {
    const megabytes = Math.ceil(bytes / MEGABYTE).toLocaleString("en-US");
    const text = `${verb} ${counted(sessions, "session")}, ${megabytes} MB`;
    told(text);
    progress.show(text);
  };
}

export function lineOf(problem: VerifyProblem, store: Store, { out }: Call): string {
  const { severity, code, message } = problem;
  const where = placeOf(problem, store);
  if (!out.isTerminal) return `${[severity, code, where, oneLine(message)].join("\t")}\n`;
  const colour = severity === "error" ? "red" : severity === "warning" ? "bold" : "dim";
  return `${out.styled(colour, severity)}  ${code}  ${out.styled("dim", where)}  ${oneLine(message)}\n`;
}

export function placeOf({ file, offset }: { readonly file: string; readonly offset?: number }, store: Store): string {
  return `${oneLine(relative(store.path, file))}${offset === undefined ? "" : `:${offset}`}`;
}

export function summaryOf(counts: ReadonlyMap<string, number>): string {
  const words = [
    counted(counts.get("error") ?? 0, "error"),
    counted(counts.get("warning") ?? 0, "warning"),
    `${(counts.get("info") ?? 0).toLocaleString("en-US")} info`,
  ].filter((text) => !text.startsWith("0 "));
  return words.length === 0 ? "nothing is wrong" : words.join(", ");
}

export function isDamage(counts: ReadonlyMap<string, number>): boolean {
  return counts.has("error") || counts.has("warning");
}
