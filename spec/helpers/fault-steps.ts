// What a store can be asked to do, each with what it makes of the store by a model of its own: a list of messages for each
// session. The fault and the crash specs run these, and compare what is there with the model.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { settingsOf } from "../../lib/base/options.ts";
import type { Durability } from "../../lib/base/options.ts";
import type { Vfs } from "../../lib/disk/vfs.ts";
import type { Session, Store } from "../../lib/index.ts";
import { rooms } from "../../lib/open.ts";
import { openOn } from "../../lib/store/store.ts";

export interface ModelMessage {
  readonly id: string;
  readonly data: object;
  readonly parts: readonly { readonly id: string; readonly data: object }[];
}

export interface ModelSession {
  readonly title?: string;
  readonly messages: readonly ModelMessage[];
}

/** The sessions that are there, by their ids. */
export type Model = Readonly<Record<string, ModelSession>>;

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
}

/** Where importers find a session of one message, the same session with two, and another one. */
const SOURCES = mkdtempSync(join(tmpdir(), "turnlog-source-"));
process.once("exit", () => rmSync(SOURCES, { recursive: true, force: true }));
const SAID = [
  { role: "user", content: "Which fern is it?" },
  { role: "assistant", content: "The tall one." },
];

/** Sessions that come from elsewhere have ids for their messages that we do not know: they are compared by their order. */
export function isImported(id: string): boolean {
  return id.startsWith("imported");
}

function source(key: string, count: number): { path: string } {
  const path = mkdtempSync(join(SOURCES, "picoclaw-"));
  const lines = SAID.slice(0, count).map((each) => `${JSON.stringify(each)}\n`);
  writeFileSync(join(path, `${key}.jsonl`), lines.join(""));
  return { path };
}

function imported(count: number): ModelSession {
  return { messages: SAID.slice(0, count).map((data, n) => message(String(n), data)) };
}

const FIRST_SOURCE = source("imported", 1);
const GROWN_SOURCE = source("imported", 2);
const OTHER_SOURCE = source("imported-2", 2);

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
  await store.importFrom("picoclaw", FIRST_SOURCE);
  await store.session("gone").delete();
}

const s = (store: Store<any, any>): Session<any, any> => store.session("s");

export const STEPS: readonly Step[] = [
  commit(
    "append",
    (store) => s(store).append({ id: "x", n: 1 }),
    onS((all) => [...all, message("x", { id: "x", n: 1 })]),
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
    name: "restore",
    run: (store) => store.session("gone").restore(),
    apply: (model) => ({ ...model, gone: TRASHED }),
    isCommit: false,
  },
];

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

export function message(id: string, data: object): ModelMessage {
  return { id, data, parts: [] };
}
