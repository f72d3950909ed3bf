import type { CopyProgress, CopyReport } from "../../lib/index.ts";
import type { Call, Command } from "../command.ts";
import { EXIT, wrongUsage } from "../exit.ts";
import { Progress } from "../progress.ts";
import { openAt, placeOf } from "../store-at.ts";
import { bytesText, counted, jsonLine } from "../text.ts";

export const copy: Command = {
  usage: ["copy FROM TO"],
  summary: "copy a store to another directory or database",
  details: `
FROM and TO are directories, or URLs of databases: postgres://, mysql://, mariadb://, mssql://, sqlite:FILE. FROM is only read;
TO is made if it is not there. Every session comes with all its logs, the very same lines, and with its attachments; then both
are compared: the number of lines of each session, and a checksum over them. What TO has more stays. A copy that was cut
short goes on where it was when it is called again. What lies in the trash does not come along.

What could not be copied is told on stderr and makes the exit code 1; all else is copied.

With --json: {"merged", "equal", "longer", "problems"}.`,
  options: {},
  examples: [
    "turnlog copy ./sessions postgres://agent@db.example/sessions",
    "turnlog copy postgres://agent@db.example/sessions ./backup",
  ],
  async run(call) {
    const { args, io, signal } = call;
    const [given, target, ...others] = args.positionals;
    if (given === undefined || given === "" || target === undefined || target === "" || others.length > 0)
      throw wrongUsage("copy takes two stores: from where, and to where");
    if (args.has("store")) throw wrongUsage("copy takes both stores by their places, and no --store");
    const from = await openAt(placeOf(io.directory, given), { create: false });
    try {
      const to = await openAt(placeOf(io.directory, target), { create: true });
      try {
        const progress = new Progress(io.stderr);
        const onProgress = ({ step, sessions, bytes }: CopyProgress): void =>
          progress.show(
            `${counted(sessions, "session")}, ${bytesText(bytes)} ${step === "copy" ? "read" : "compared"}`,
          );
        const report = await from.copyTo(to, { signal, onProgress }).finally(() => progress.end());
        if (call.json) await call.out.write(`${jsonLine(report)}\n`);
        else tell(call, report);
        return report.problems.length > 0 ? EXIT.problems : EXIT.done;
      } finally {
        await to.close();
      }
    } finally {
      await from.close();
    }
  },
};

function tell(call: Call, { merged, equal, longer, problems }: CopyReport): void {
  for (const { session, reason } of problems) call.say(`turnlog: ${session}: ${reason}`);
  const { sessions, lines, bytes, attachments } = merged;
  const files = attachments.count > 0 ? `, ${counted(attachments.count, "attachment")}` : "";
  call.say(
    `${counted(sessions.new + sessions.grown, "session")} copied, ${counted(lines, "line")}${files} (${bytesText(bytes + attachments.bytes)})`,
  );
  const more = longer > 0 ? `; ${counted(longer, "session")} there with more than here` : "";
  call.say(`${counted(equal.sessions, "session")} compared and equal, ${counted(equal.lines, "line")}${more}`);
}
