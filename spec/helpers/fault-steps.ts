// What a store can be asked to do, each with what it makes of the store by a model of its own: a list of messages for each
// session. The fault and the crash specs run these, and compare what is there with the model.
import type { Store } from "../../lib/index.ts";
import { message } from "./fault-model.ts";
import type { Model, ModelSession } from "./fault-model.ts";
import { FIRST_SOURCE, GROWN_SOURCE, imported, isImported, OTHER_SOURCE } from "./fault-sources.ts";
import { commit, onS, s } from "./fault-step.ts";
import type { Step } from "./fault-step.ts";
import { MERGE_STEPS } from "./fault-steps-merge.ts";
import { SPACE_STEPS, TRASHED } from "./fault-steps-space.ts";

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
  ...SPACE_STEPS,
  ...MERGE_STEPS,
];

/** An import goes on where one session cannot be read, and says so. */
async function importing(store: Store<any, any>, from: { path: string }): Promise<void> {
  const { problems } = await store.importFrom("picoclaw", from);
  if (problems.length > 0) throw new Error(`the import has problems: ${JSON.stringify(problems)}`);
}
