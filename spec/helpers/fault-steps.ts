// What a store can be asked to do, each with what it makes of the store by a model of its own: a list of messages for each
// session. The fault and the crash specs run these, and compare what is there with the model.
import { setImmediate } from "node:timers/promises";
import type { Durability } from "../../lib/base/options.ts";
import type { Vfs } from "../../lib/disk/vfs.ts";
import { StoreError } from "../../lib/index.ts";
import type { Session, Store } from "../../lib/index.ts";
import { message } from "./fault-model.ts";
import type { Model, ModelMessage, ModelSession } from "./fault-model.ts";
import { FIRST_SOURCE, GROWN_SOURCE, imported, isImported, OTHER_SOURCE } from "./fault-sources.ts";
import { SimulatedDisk } from "./simulated-disk.ts";

/** What a step runs in. */
export interface Context {
  readonly vfs: Vfs;
  readonly root: string;
  readonly durability: Durability;
  /** What is there before the step. */
  readonly expected: Model;
}

export interface Step<T = any> {
  readonly name: string;
  /** Done before anything fails; `prepared` tells what it makes of the model. */
  readonly prepare?: (context: Context) => Promise<T>;
  readonly prepared?: (model: Model) => Model;
  readonly run: (store: Store<any, any>, context: Context, prepared: T) => Promise<unknown>;
  readonly apply: (model: Model) => Model;
  /** All of it is one commit: an error that does not say what became of it has written nothing. */
  readonly isCommit: boolean;
  /** What no file has any more when it is done. */
  readonly erases?: readonly string[];
}

/** A file of some 30 KB. */
const ATTACHMENT = `data:application/pdf;base64,${Buffer.from(`%PDF-1.7 ${"a fern, ".repeat(4000)}`).toString("base64")}`;

export const BASE: Model = {
  s: {
    title: "first",
    messages: ["m0", "m1", "m2", "m3", "m4"].map((id) => message(id, { id, text: `text of ${id}` })),
  },
  other: { messages: [message("o1", { id: "o1" })] },
  imported: imported(1),
  empty: { messages: [] },
};

const TRASHED: ModelSession = {
  title: "thrown away",
  messages: [message("t1", { id: "t1" }), message("t2", { id: "t2" })],
};

/** Makes a store that has BASE, and a deleted session "gone". */
export async function makeBase(store: Store<any, any>): Promise<void> {
  for (const [id, { title, messages }] of Object.entries({ ...BASE, gone: TRASHED })) {
    if (isImported(id)) continue;
    const session = await store.createSession({ id, title });
    for (const { data } of messages) await session.append(data);
  }
  // Two lines that nobody sees any more.
  for (const text of ["a draft", "text of m3"]) await store.session("s").putMessage({ id: "m3", text });
  await store.importFrom("picoclaw", FIRST_SOURCE);
  await store.session("gone").delete();
}

const s = (store: Store<any, any>): Session<any, any> => store.session("s");

const PURGE_OF_DELETED: Step = {
  name: "purge of a deleted session",
  run: (store) => store.purge("gone"),
  apply: (model) => model,
  isCommit: false,
};

export const STEPS: readonly Step[] = [
  commit(
    "append",
    (store) => s(store).append({ id: "x", n: 1 }),
    onS((all) => [...all, message("x", { id: "x", n: 1 })]),
  ),
  commit(
    "append with an attachment",
    (store) => s(store).append({ id: "x", url: ATTACHMENT }),
    onS((all) => [...all, message("x", { id: "x", url: ATTACHMENT })]),
  ),
  commit(
    "batch",
    (store) => s(store).append([{ id: "x" }, { id: "y", text: "y".repeat(5000) }, { id: "z" }]),
    onS((all) => [
      ...all,
      message("x", { id: "x" }),
      message("y", { id: "y", text: "y".repeat(5000) }),
      message("z", { id: "z" }),
    ]),
  ),
  commit(
    "put",
    (store) => s(store).putMessage({ id: "m2", text: "edited" }),
    onS((all) => all.map((each) => (each.id === "m2" ? message("m2", { id: "m2", text: "edited" }) : each))),
  ),
  commit(
    "putPart",
    (store) => s(store).putPart("m2", { id: "p", n: 1 }),
    onS((all) =>
      all.map((each) => (each.id === "m2" ? { ...each, parts: [{ id: "p", data: { id: "p", n: 1 } }] } : each)),
    ),
  ),
  commit(
    "update",
    (store) => s(store).update({ title: "second" }),
    (model) => ({
      ...model,
      s: { ...(model["s"] as ModelSession), title: "second" },
    }),
  ),
  commit(
    "truncate",
    (store) => s(store).truncate({ keepLast: 2 }),
    onS((all) => all.slice(-2)),
  ),
  commit(
    "remove",
    (store) => s(store).remove("m1"),
    onS((all) => all.filter(({ id }) => id !== "m1")),
  ),
  commit(
    "clear",
    (store) => s(store).clear(),
    onS(() => []),
  ),
  commit(
    "checkout",
    (store) => s(store).checkout("m2"),
    onS((all) => all.slice(0, all.findIndex(({ id }) => id === "m2") + 1)),
  ),
  commit(
    "commit",
    (store) =>
      s(store).commit((c) => {
        c.truncate({ keepLast: 1 });
        c.append({ id: "x" });
        c.update({ title: "second" });
      }),
    (model) => ({
      ...model,
      s: { title: "second", messages: [...(model["s"] as ModelSession).messages.slice(-1), message("x", { id: "x" })] },
    }),
  ),
  commit(
    "replace",
    (store) => s(store).replace([{ id: "m0", text: "text of m0" }, { id: "x" }]),
    onS((all) => [...all.slice(0, 1), message("x", { id: "x" })]),
  ),
  commit(
    "create",
    (store) => store.createSession({ id: "new", title: "brand new" }),
    (model) => ({
      ...model,
      new: { title: "brand new", messages: [] },
    }),
  ),
  commit(
    "first append",
    (store) => store.session("new", { create: true }).append([{ id: "x" }, { id: "y" }]),
    (model) => ({
      ...model,
      new: { messages: [message("x", { id: "x" }), message("y", { id: "y" })] },
    }),
  ),
  commit(
    "first append, with an attachment in a part",
    (store) =>
      store.session("new", { create: true }).commit((c) => {
        c.append({ id: "x" });
        c.putPart("x", { id: "p", data: ATTACHMENT });
      }),
    (model) => ({
      ...model,
      new: {
        messages: [{ ...message("x", { id: "x" }), parts: [{ id: "p", data: { id: "p", data: ATTACHMENT } }] }],
      },
    }),
  ),
  commit(
    "fork",
    (store) => s(store).fork({ id: "fork", title: "forked" }),
    (model) => ({ ...model, fork: { ...(model["s"] as ModelSession), title: "forked" } }),
  ),
  commit(
    "import",
    (store) => importing(store, OTHER_SOURCE),
    (model) => ({ ...model, "imported-2": imported(2) }),
  ),
  commit(
    "import more",
    (store) => importing(store, GROWN_SOURCE),
    (model) => ({ ...model, imported: imported(2) }),
  ),
  { name: "delete", run: (store) => s(store).delete(), apply: without("s"), isCommit: false },
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

/** A plan that cannot be carried out says which session stays. */
async function prune(store: Store<any, any>): Promise<void> {
  const plan = await store.retention.plan({ maxSessions: 0, keep: ({ id }) => id !== "imported" });
  const { skipped } = await store.retention.apply(plan);
  if (plan.items.length !== 1 || skipped.length > 0)
    throw new StoreError("IO", `the plan was not carried out: ${JSON.stringify({ plan, skipped })}`);
}

/** An import goes on where one session cannot be read, and says so. */
async function importing(store: Store<any, any>, from: { path: string }): Promise<void> {
  const { problems } = await store.importFrom("picoclaw", from);
  if (problems.length > 0) throw new Error(`the import has problems: ${JSON.stringify(problems)}`);
}

function commit(name: string, run: Step["run"], apply: Step["apply"]): Step {
  return { name, run, apply, isCommit: true };
}

function onS(change: (messages: readonly ModelMessage[]) => readonly ModelMessage[]): Step["apply"] {
  return (model) => {
    const session = model["s"] as ModelSession;
    return { ...model, s: { ...session, messages: change(session.messages) } };
  };
}

function without(id: string): Step["apply"] {
  return (model) => Object.fromEntries(Object.entries(model).filter(([key]) => key !== id));
}
