// Steps that bring in what another store has: a session that is not here, another machine's log, more of one's own.
import { dirname, join } from "node:path";
import { StoreError } from "../../lib/index.ts";
import type { Vfs } from "../../lib/disk/vfs.ts";
import type { Store } from "../../lib/index.ts";
import { openAt } from "./fault-checks.ts";
import { message } from "./fault-model.ts";
import { onS } from "./fault-step.ts";
import type { Context, Step } from "./fault-step.ts";

/** A file of some 30 KB. */
const ATTACHMENT = `data:application/pdf;base64,${Buffer.from(`%PDF-1.7 ${"a leaf, ".repeat(4000)}`).toString("base64")}`;

export const MERGE_STEPS: readonly Step[] = [
  {
    name: "merge of a new session, with an attachment",
    prepare: (context) =>
      other(context, (store) => store.session("new", { create: true }).append({ id: "x", url: ATTACHMENT })),
    run: merging,
    apply: (model) => ({ ...model, new: { messages: [message("x", { id: "x", url: ATTACHMENT })] } }),
    isCommit: false,
  },
  {
    name: "merge of another machine's log",
    prepare: async (context) => {
      const from = await other(context, (store) => store.session("s").append({ id: "x" }));
      const here = await openAt(context.vfs, context.root);
      await here.merge(from);
      await here.close();
      return await goOn(context, from, (store) => store.session("s").append({ id: "y" }));
    },
    prepared: onS((all) => [...all, message("x", { id: "x" })]),
    run: merging,
    apply: onS((all) => [...all, message("y", { id: "y" })]),
    isCommit: false,
  },
  {
    name: "merge of more of this machine's own log",
    prepare: async (context) => {
      const from = await other(context, () => Promise.resolve());
      for (const path of filesIn(context.vfs, join(from, "sessions")))
        if (path.endsWith("/s.jsonl")) addLine(context.vfs, path);
      return from;
    },
    run: merging,
    apply: onS((all) => [...all, message("x", { id: "x" })]),
    isCommit: false,
  },
];

/** What cannot be merged is in the report. */
async function merging(store: Store<any, any>, _: Context, from: string): Promise<void> {
  const { problems } = await store.merge(from);
  if (problems.length > 0) throw new StoreError("IO", `the merge has problems: ${JSON.stringify(problems)}`);
}

/** A second store, a copy of this one's log of "s", in which another machine does something. -> where it lies */
async function other(context: Context, run: (store: Store<any, any>) => Promise<unknown>): Promise<string> {
  const to = `${context.root}-other`;
  for (const path of filesIn(context.vfs, join(context.root, "sessions"))) {
    if (!path.endsWith("/s.jsonl")) continue;
    const bytes = bytesOf(context.vfs, path);
    const target = to + path.slice(context.root.length);
    context.vfs.makeDirectory(dirname(target));
    const file = context.vfs.open(target, "create");
    file.write(bytes, bytes.length);
    file.close();
  }
  return await goOn(context, to, run);
}

async function goOn(
  { vfs }: Context,
  path: string,
  run: (store: Store<any, any>) => Promise<unknown>,
): Promise<string> {
  const store = await openAt(vfs, path);
  await run(store);
  await store.close();
  return path;
}

/** A copy of this machine's log that has what this one lost, as after a backup that came back. */
function addLine(vfs: Vfs, path: string): void {
  const last = bytesOf(vfs, path).toString().trimEnd().split("\n").at(-1) as string;
  const { at } = JSON.parse(last) as { at: string };
  const later = new Date(Date.parse(at.slice(0, 24)) + 1).toISOString() + at.slice(24);
  const bytes = Buffer.from(`{"at":"${later}","type":"message","id":"x","data":{"id":"x"}}\n`);
  const file = vfs.open(path, "append");
  file.write(bytes, bytes.length);
  file.close();
}

function bytesOf(vfs: Vfs, path: string): Buffer {
  const file = vfs.open(path, "read");
  const bytes = Buffer.alloc(file.stat().size);
  file.read(bytes, 0, bytes.length, 0);
  file.close();
  return bytes;
}

function filesIn(vfs: Vfs, directory: string): string[] {
  return vfs.names(directory).flatMap((name) => {
    const path = join(directory, name);
    return vfs.stat(path)?.isDirectory === true ? filesIn(vfs, path) : [path];
  });
}
