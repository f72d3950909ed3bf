import type { Command } from "../command.ts";
import { EXIT } from "../exit.ts";
import { withStore } from "../open.ts";
import { isDamage, lineOf, sessionIds, showProgress, summaryOf } from "../problems.ts";
import { Progress } from "../progress.ts";
import { jsonLine } from "../text.ts";

export const verify: Command = {
  usage: ["verify [SESSION ...]"],
  summary: "find what is wrong with the store",
  details: `
Reads every byte of the logs of these sessions, or of the whole store with its attachments and caches, and changes none.
A line for each problem: severity, code, file and byte, what it means and what repair would do; with tabs between them
where stdout is no terminal. error: something that was written cannot be read as it was. warning: what was never
acknowledged, or a trace of what happened; nothing is lost. info: harmless.

The exit code is 4 if there is an error or a warning, else 0.

With --json: a line for each, {"code", "severity", "isRepairable", "message", "session", "machine", "file", "offset",
"bytes"}.`,
  options: {},
  examples: ["turnlog verify", "turnlog verify 0193 --json | jq -r .message"],
  async run(call) {
    return await withStore(call, "read", async (store) => {
      const ids = await sessionIds(store, call);
      const progress = new Progress(call.io.stderr);
      const counts = new Map<string, number>();
      let shown = "";
      try {
        const options = {
          ids,
          signal: call.signal,
          onProgress: showProgress(progress, "verified", (text) => (shown = text)),
        };
        for await (const problem of store.verify(options)) {
          counts.set(problem.severity, (counts.get(problem.severity) ?? 0) + 1);
          progress.end();
          await call.out.add(call.json ? `${jsonLine(problem)}\n` : lineOf(problem, store, call));
          if (call.out.isTerminal) await call.out.flush();
        }
      } finally {
        progress.end();
      }
      await call.out.flush();
      call.say(`${shown}: ${summaryOf(counts)}`);
      return isDamage(counts) ? EXIT.damaged : EXIT.done;
    });
  },
};
