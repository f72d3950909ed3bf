// What --help says.
import { COMMON_OPTIONS } from "./arguments.ts";
import type { Option } from "./arguments.ts";
import type { Command } from "./command.ts";

const EXIT_CODES = `Exit codes:
  0    done
  1    not found, nothing found, or problems found
  2    wrong usage, or input that is no message
  3    busy: another process writes to the session
  4    what was asked for is damaged, of a newer format, or no store
  5    the system failed to read or write
  130  interrupted`;

export function helpOfAll(commands: ReadonlyMap<string, Command>): string {
  const verbs = [...commands].map(([name, { summary }]) => [name, summary] as const);
  return `Usage: turnlog [--store DIR] VERB ...

The session store for AI agents: every session is an append-only JSONL log.

Verbs:
${table(verbs)}

Options of every verb:
${table(rowsOf(COMMON_OPTIONS))}

The store is the directory that --store names, else the one that TURNLOG_STORE names, else ./sessions, or the current
directory if that is itself a store. Only init, import and append --create make a store.

SESSION is a session's id, or as much of its beginning as no other id has. Data goes to stdout and words to stderr.
Colours are for terminals, and not used if NO_COLOR is set.

${EXIT_CODES}

turnlog VERB --help tells more of a verb.
`;
}

export function helpOf({ usage, summary, details, options, examples }: Command): string {
  const own = Object.keys(options).length > 0 ? `Options:\n${table(rowsOf(options))}\n\n` : "";
  return `Usage:
${usage.map((line) => `  turnlog [--store DIR] ${line}`).join("\n")}

${summary.charAt(0).toUpperCase()}${summary.slice(1)}.

${details.trim()}

${own}Options of every verb:
${table(rowsOf(COMMON_OPTIONS))}

${EXIT_CODES}

Examples:
${examples.map((line) => `  ${line}`).join("\n")}
`;
}

function rowsOf(options: Readonly<Record<string, Option>>): (readonly [string, string])[] {
  return Object.entries(options).map(([name, { short, value, help }]) => [
    `${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`,
    help,
  ]);
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`).join("\n");
}
