// Steps that move, pack or erase what is there.
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { settingsOf } from "../../lib/base/options.ts";
import { Layout } from "../../lib/disk/names.ts";
import { StoreError } from "../../lib/index.ts";
import { ReplacedLogs } from "../../lib/store/space/replaced.ts";
import type { Store } from "../../lib/index.ts";
import { rooms } from "../../lib/open.ts";
import { openOn } from "../../lib/store/open-on.ts";
import { message } from "./fault-model.ts";
import type { ModelSession } from "./fault-model.ts";
import { commit, onS, s, without } from "./fault-step.ts";
import type { Context, Step } from "./fault-step.ts";
import { SimulatedDisk } from "./simulated-disk.ts";

export const TRASHED: ModelSession = {
  title: "thrown away",
  messages: [message("t1", { id: "t1" }), message("t2", { id: "t2" })],
};

const PURGE_OF_DELETED: Step = {
  name: "purge of a deleted session",
  run: (store) => store.purge("gone"),
  apply: (model) => model,
  isCommit: false,
};

export const SPACE_STEPS: readonly Step[] = [
  { name: "archive", run: (store) => store.archive("s"), apply: (model) => model, isCommit: false },
  {
    name: "unarchive",
    prepare: archivedLongAgo,
    run: (store) => store.unarchive("s"),
    apply: (model) => model,
    isCommit: false,
  },
  {
    name: "unarchive at once",
    isLong: true,
    prepare: archived,
    run: (store) => store.unarchive("s"),
    apply: (model) => model,
    isCommit: false,
  },
  {
    ...commit(
      "append to an archived session",
      (store) => s(store).append({ id: "x" }),
      onS((all) => [...all, message("x", { id: "x" })]),
    ),
    prepare: archivedLongAgo,
  },
  { name: "delete", run: (store) => s(store).delete(), apply: without("s"), isCommit: false },
  { name: "delete, and its old log goes", run: deleteWhole, apply: without("s"), isCommit: false, isLong: true },
  {
    name: "delete of an empty session",
    run: (store) => store.session("empty").delete(),
    apply: without("empty"),
    isCommit: false,
  },
  {
    name: "delete without trash",
    run: (store) => s(store).delete({ trash: false }),
    apply: without("s"),
    isCommit: false,
  },
  {
    name: "compact",
    run: (store) => s(store).compact(),
    apply: (model) => model,
    isCommit: false,
  },
  ...[3, 10].map((turns) => ({
    name: `compact, and append after ${turns} turns`,
    ...(turns > 3 && { isLong: true as const }),
    run: (store: Store<any, any>, context: Context) => appendMeanwhile(store, context, turns),
    apply: onS((all) => [...all, message("x", { id: "x" }), message("y", { id: "y" })]),
    isCommit: false,
  })),
  {
    name: "restore",
    run: (store) => store.session("gone").restore(),
    apply: (model) => ({ ...model, gone: TRASHED }),
    isCommit: false,
  },
  {
    name: "purge of messages",
    run: (store) => s(store).purge(["m1", "m3"]),
    apply: onS((all) => all.filter(({ id }) => id !== "m1" && id !== "m3")),
    isCommit: false,
    erases: ["text of m1", "text of m3"],
  },
  {
    name: "purge of a session",
    run: (store) => store.purge("s"),
    apply: without("s"),
    isCommit: false,
    erases: ["text of m2", "text of m4"],
  },
  // It goes through what the purge of a session goes through, at length.
  ...(process.env["TURNLOG_LONG"] === undefined ? [] : [PURGE_OF_DELETED]),
  {
    name: "adopt",
    prepare: writtenAsAnother,
    prepared: onS((all) => [...all, message("theirs", { id: "theirs" })]),
    run: (store, _, machine: string) => adopt(store, machine),
    apply: (model) => model,
    isCommit: false,
  },
  { name: "prune", run: prune, apply: without("imported"), isCommit: false },
];

/** The append is acknowledged while the log is compacted; who records what happens is told. */
async function appendMeanwhile(store: Store<any, any>, { vfs }: Context, turns: number): Promise<void> {
  const compacting = s(store)
    .compact()
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  for (let turn = 0; turn < turns; turn++) await setImmediate();
  await s(store).append([{ id: "x" }, { id: "y" }]);
  if (vfs instanceof SimulatedDisk) vfs.note(1);
  // That the log could not be compacted says nothing of the append.
  const error = await compacting;
  if (error !== undefined && !(error instanceof StoreError)) throw error;
}

/** As when the minute is over for which the log stands beside as it was. */
async function deleteWhole(store: Store<any, any>, { vfs, root }: Context): Promise<void> {
  await s(store).delete();
  const layout = new Layout(root);
  const replaced = new ReplacedLogs(vfs, layout, (_, operation) => operation());
  try {
    for (const month of vfs.names(join(layout.sessions, store.machine)))
      await replaced.settle(layout.log(store.machine, month, "s"));
  } catch {
    // A store tries that again when it is opened anew.
  }
}

/** Another store appends to "s" as a machine whose id is lost then. -> that machine's folder */
async function writtenAsAnother({ vfs, root }: Context): Promise<string> {
  const { machines } = new Layout(root);
  const [record = ""] = vfs.names(machines);
  const aside = join(root, ".cache", "record");
  vfs.rename(join(machines, record), aside);
  const store = await openOn<any, any>(vfs, root, settingsOf({ busyTimeoutMs: 200 }), rooms);
  await s(store).append({ id: "theirs" });
  await s(store).sync();
  await store.close();
  vfs.rename(aside, join(machines, record));
  return store.machine;
}

/** A session whose logs could not be united keeps them, and a warning says so. */
async function adopt(store: Store<any, any>, machine: string): Promise<void> {
  let cause: unknown;
  const off = store.on("warning", (warning) => {
    if (warning.code === "upkeep") cause ??= warning.cause ?? new StoreError("IO", warning.message);
  });
  const { united } = await store.adopt(machine);
  await setImmediate();
  off();
  if (united === 0) throw cause ?? new StoreError("IO", "nothing was united");
}

/** A plan that cannot be carried out says which session stays. */
async function prune(store: Store<any, any>): Promise<void> {
  const plan = await store.retention.plan({ maxSessions: 0, keep: ({ id }) => id !== "imported" });
  const { skipped } = await store.retention.apply(plan);
  if (plan.items.length !== 1 || skipped.length > 0)
    throw new StoreError("IO", `the plan was not carried out: ${JSON.stringify({ plan, skipped })}`);
}

/** Another store archives "s". -> where its log stands for a while yet */
async function archived({ vfs, root }: Context): Promise<string> {
  const store = await openOn<any, any>(vfs, root, settingsOf({ busyTimeoutMs: 200 }), rooms);
  await s(store).sync();
  await store.archive("s");
  const [machine = ""] = (await s(store).info()).machines;
  const [month = ""] = vfs.names(join(root, "archive", machine));
  await store.close();
  return join(root, "sessions", machine, month, "s.jsonl.old");
}

/** The same, and the minute is over. */
async function archivedLongAgo(context: Context): Promise<void> {
  context.vfs.remove(await archived(context));
}
