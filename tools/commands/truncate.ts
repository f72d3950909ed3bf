import type { Session, TruncateRange } from "../../lib/index.ts";
import type { Call, Command } from "../command.ts";
import { EXIT, wrongUsage } from "../exit.ts";
import { onlySession, withStore } from "../open.ts";
import { counted, jsonLine } from "../text.ts";

export const truncate: Command = {
  usage: [
    "truncate SESSION --keep-last N [--dry-run]",
    "truncate SESSION --before MESSAGE [--dry-run]",
    "truncate SESSION --after MESSAGE [--dry-run]",
  ],
  summary: "hide the oldest or the newest messages of a session",
  details: `
What is hidden is in the history no more. Its lines stay in the log until it is compacted.

With --json: {"id", "hidden"}, the session and how many messages.`,
  options: {
    "keep-last": { type: "string", value: "N", help: "hide all but the newest N messages; 0 hides all" },
    before: { type: "string", value: "MESSAGE", help: "hide what comes before this message" },
    after: { type: "string", value: "MESSAGE", help: "hide what comes after this message" },
    "dry-run": { type: "boolean", help: "only tell what would be hidden" },
  },
  examples: ["turnlog truncate 0193 --keep-last 100", "turnlog truncate 0193 --after m41 --dry-run"],
  async run(call) {
    const range = rangeOf(call);
    const isTrial = call.args.has("dry-run");
    return await withStore(call, isTrial ? "read" : "write", async (store) => {
      const id = await onlySession(store, call);
      const session = store.session(id);
      const hidden = isTrial ? await countHidden(session, range) : await session.truncate(range);
      if (call.json) await call.out.write(`${jsonLine({ id, hidden })}\n`);
      else call.say(`${isTrial ? "would hide" : "hid"} ${counted(hidden, "message")} of ${id}`);
      return EXIT.done;
    });
  },
};

function rangeOf({ args }: Call): TruncateRange {
  const keepLast = args.count("keep-last", 0);
  const before = args.text("before");
  const after = args.text("after");
  const given = [
    ...(keepLast === undefined ? [] : [{ keepLast }]),
    ...(before === undefined ? [] : [{ before }]),
    ...(after === undefined ? [] : [{ after }]),
  ];
  const [range] = given;
  if (range === undefined || given.length > 1)
    throw wrongUsage("truncate takes one of --keep-last, --before and --after");
  return range;
}

async function countHidden(session: Session, range: TruncateRange): Promise<number> {
  if ("keepLast" in range) return Math.max(0, (await session.count()) - range.keepLast);
  let hidden = 0;
  for await (const _ of session.messages({ ...range, parts: false })) hidden++;
  return hidden;
}
