// Machines that work in copies of one store, and what each copy answers in the end.
import { randomBytes } from "node:crypto";
import { openStore, StoreError } from "../../lib/index.ts";
import type { Session, Store, StoreOptions } from "../../lib/index.ts";
import { pick } from "./random.ts";
import type { Random } from "./random.ts";
import { collect } from "./stores.ts";

export const SHARED = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"];

/** What nobody can do to a session that is not there, or not any more. */
const REFUSED: ReadonlySet<string> = new Set(["NOT_FOUND", "EXISTS", "SESSION_BUSY"]);

let count = 0;

/** Attachments of the same content on all machines, and of their own. */
const COMMON = Buffer.alloc(3000, "the same on all machines ").toString("base64");

async function append(session: Session<any, any>, random: Random, by: string): Promise<void> {
  const messages = Array.from({ length: 1 + random(3) }, () => {
    const id = `${by}-${count++}`;
    const kind = random(12);
    const image = kind === 0 ? COMMON : kind === 1 ? randomBytes(2000 + random(2000)).toString("base64") : undefined;
    return { id, text: "as long as it is ".repeat(random(40)), ...(image && { image }) };
  });
  await session.append(messages);
}

type Step = (store: Store<any, any>, session: Session<any, any>, random: Random, by: string) => Promise<unknown>;

async function anyId(session: Session<any, any>, random: Random): Promise<string> {
  const ids = await collect(session.messageIds());
  return ids.length === 0 ? "nobody" : pick(random, ids);
}

/** Where no message is living there is no branch to go to: something is said first. */
export async function checkoutOrAppend(session: Session<any, any>, random: Random, by: string): Promise<unknown> {
  const branches = await session.branches();
  return await (branches.length === 0 ? append(session, random, by) : session.checkout(pick(random, branches).id));
}

const STEPS: readonly (readonly [weight: number, step: Step])[] = [
  [24, (_, session, random, by) => append(session, random, by)],
  [
    4,
    (_, session, random, by) => session.update({ title: `${by} ${random(1000)}`, project: pick(random, ["p", "q"]) }),
  ],
  [4, async (_, session, random, by) => await session.putMessage({ id: await anyId(session, random), by, n: count++ })],
  [3, (_, session, random) => session.truncate({ keepLast: random(12) })],
  [3, async (_, session, random) => await session.remove(await anyId(session, random))],
  [3, (_, session) => session.compact()],
  [1, (store) => store.compact()],
  [1, (_, session) => session.delete()],
  [2, (_, session) => session.restore()],
  [1, (store, session) => store.archive(session.id)],
  [1, (store, session) => store.unarchive(session.id)],
  [1, async (_, session, random) => await session.purge([await anyId(session, random)])],
  [2, (_, session, random, by) => checkoutOrAppend(session, random, by)],
];
const BAG = STEPS.flatMap(([weight, step]) => Array.from({ length: weight }, () => step));

/** Something that a user does, of all that there is. */
export async function step(store: Store<any, any>, random: Random, by: string): Promise<void> {
  const id = random(8) === 0 ? `${by}-own-${random(3)}` : pick(random, SHARED);
  try {
    await pick(random, BAG)(store, store.session(id, { create: true }), random, by);
  } catch (error) {
    if (!(error instanceof StoreError) || !REFUSED.has(error.code)) throw error;
  }
}

/** All that a store says of its sessions. */
export async function readAll(directory: string, options?: StoreOptions): Promise<Record<string, unknown>> {
  const store = await openStore<any, any>(directory, options);
  try {
    const answers: Record<string, unknown> = {};
    const listed = await collect(store.sessions());
    answers["listing"] = listed;
    for (const id of (await collect(store.ids())).sort()) {
      const session = store.session(id);
      answers[id] = {
        info: await session.info(),
        history: await session.history(),
        branches: await session.branches(),
      };
    }
    return answers;
  } finally {
    await store.close();
  }
}

/** What verify() calls an error. */
export async function errorsIn(directory: string, options?: StoreOptions): Promise<string[]> {
  const store = await openStore<any, any>(directory, options);
  try {
    const problems = await collect(store.verify());
    return problems
      .filter(({ severity }) => severity === "error")
      .map(({ code, file, message }) => `${code} ${file} ${message}`);
  } finally {
    await store.close();
  }
}
