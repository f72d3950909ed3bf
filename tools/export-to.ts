// An export by the library, told of on the way and at the end: what archive --output and export share.
import { resolve } from "node:path";
import type { ExportFormat, ExportReport, Store } from "../lib/index.ts";
import type { Call } from "./command.ts";
import { EXIT } from "./exit.ts";
import { sessionId } from "./open.ts";
import { Progress } from "./progress.ts";
import { counted, jsonLine } from "./text.ts";

/** `output`: a path, or - for stdout. -> the exit code */
export async function exportTo(
  store: Store,
  call: Call,
  output: string,
  format: ExportFormat,
  ids: readonly string[],
): Promise<number> {
  const { io, out, json, signal } = call;
  const isStdout = output === "-";
  const progress = new Progress(io.stderr);
  let report: ExportReport;
  try {
    report = await store.exportTo(isStdout ? out.sink() : resolve(io.directory, output), {
      format,
      ...(ids.length > 0 && { ids }),
      signal,
      onProgress: ({ sessions, messages }) =>
        progress.show(`writing ${counted(sessions, "session")}, ${counted(messages, "message")}`),
    });
  } finally {
    progress.end();
  }
  await out.flush();
  if (json && !isStdout) await out.write(`${jsonLine(report)}\n`);
  for (const { id, reason } of report.problems) call.say(`turnlog: session ${id}: ${reason}`);
  if (!isStdout) call.say(`wrote ${counted(report.sessions, "session")}, ${counted(report.messages, "message")}`);
  return report.problems.length > 0 ? EXIT.problems : EXIT.done;
}

/** The ids of the sessions that are named, each once. All are looked up before the first is touched. */
export async function namedSessions(store: Store, { args, signal }: Call): Promise<string[]> {
  const ids = new Set<string>();
  for (const given of args.positionals) ids.add(await sessionId(store, given, signal));
  return [...ids];
}
