import type { CompactResult, Store } from "../../lib/index.ts";
import type { Call, Command } from "../command.ts";
import { EXIT } from "../exit.ts";
import { withStore } from "../open.ts";
import { sessionIds } from "../problems.ts";
import { Progress } from "../progress.ts";
import { bytesText, counted, jsonLine } from "../text.ts";

export const compact: Command = {
  usage: ["compact [SESSION ...]"],
  summary: "take out of the logs what nobody can see any more",
  details: `
Older versions of messages and parts, what was removed or truncated, titles that were set again. History, branches and
every byte of the other lines stay what they are; appending and reading go on meanwhile, in every process. Fragments of
lines move to lost+found/. A log as it was stays beside the new one for a minute, as <name>.jsonl.old.

Logs are compacted by themselves when most of them is dead; this does it now, for these sessions or all.

Of all sessions, attachments that no line has named for the restore window move to the trash, and from there for good when it
ends again.

With --json: {"sessions", "compacted", "freedBytes", "failed", "blobs"}.`,
  options: {},
  examples: ["turnlog compact", "turnlog compact 0193"],
  async run(call) {
    return await withStore(call, "write", async (store) => {
      const ids = await sessionIds(store, call);
      const { failed, blobs, ...done } =
        ids === undefined ? await compactAll(store, call) : await compactThese(store, call, ids);
      if (call.json) {
        const reasons = failed.map(({ id, error }) => ({ id, reason: error.message }));
        const gone = blobs instanceof Error ? { reason: blobs.message } : blobs;
        await call.out.write(`${jsonLine({ ...done, failed: reasons, blobs: gone })}\n`);
      } else {
        for (const { id, error } of failed) call.say(`${id}: ${error.message}`);
        if (blobs instanceof Error) call.say(`attachments: ${blobs.message}`);
        else if (blobs.trashed + blobs.removed > 0)
          call.say(`${counted(blobs.trashed, "attachment")} to the trash, ${bytesText(blobs.bytes)} of it for good`);
        call.say(
          `${counted(done.sessions, "session")}, ${done.compacted} compacted, ${bytesText(done.freedBytes)} freed`,
        );
      }
      return failed.length > 0 || blobs instanceof Error ? EXIT.problems : EXIT.done;
    });
  },
};

type Done = Awaited<ReturnType<Store["compact"]>>;

async function compactAll(store: Store, call: Call): Promise<Done> {
  const progress = new Progress(call.io.stderr);
  try {
    return await store.compact({
      signal: call.signal,
      onProgress: ({ sessions, freedBytes }) =>
        progress.show(`${counted(sessions, "session")}, ${bytesText(freedBytes)} freed`),
    });
  } finally {
    progress.end();
  }
}

/** What cannot be compacted, of the few that were asked for, is the answer. */
async function compactThese(store: Store, { signal }: Call, ids: readonly string[]): Promise<Done> {
  const results: CompactResult[] = [];
  for (const id of ids) results.push(await store.session(id).compact({ signal }));
  const freed = results.map(({ bytesBefore, bytesAfter }) => bytesBefore - bytesAfter);
  return {
    sessions: ids.length,
    compacted: results.filter(({ lines, fragments }) => lines + fragments > 0).length,
    freedBytes: freed.reduce((sum, bytes) => sum + bytes, 0),
    failed: [],
    blobs: { trashed: 0, removed: 0, bytes: 0 },
  };
}
