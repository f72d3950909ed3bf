// The store that worlds are copies of: sessions of every kind, some of them longer than what is read at one go.
import { cpSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "../../lib/index.ts";
import type { Session, Store } from "../../lib/index.ts";

/** A directory with `store` (folders `one` and `two` of two machines) and `guest` (one session, in the folder `three`). */
export async function makeTemplate(): Promise<string> {
  const base = mkdtempSync(join(tmpdir(), "turnlog-template-"));
  const directory = join(base, "store");
  await fill(base, "store", "one", fillFirst);
  await fill(base, "apart", "two", fillSecond, directory);
  cpSync(join(base, "apart", "sessions", "two"), join(directory, "sessions", "two"), { recursive: true });
  await fill(base, "guest", "three", (store) => appendEqual(store.session("guest", { create: true }), "g", 75));
  return base;
}

/** A store that one machine fills, closed; its folder gets the machine's plain name. */
async function fill(
  base: string,
  name: string,
  machine: string,
  filling: (store: Store<any, any>) => Promise<unknown>,
  from?: string,
): Promise<void> {
  const directory = join(base, name);
  const store = await openStore<any, any>(directory, { machine });
  if (from !== undefined) cpSync(join(from, "sessions"), join(directory, "sessions"), { recursive: true });
  await filling(store);
  await store.close();
  rmSync(join(directory, ".cache"), { recursive: true });
  const sessions = join(directory, "sessions");
  const own = readdirSync(sessions).find((folder) => folder.startsWith(`${machine}-`));
  if (own !== undefined) renameSync(join(sessions, own), join(sessions, machine));
}

/** Messages whose lines are all of one length. */
async function appendEqual(session: Session<any, any>, prefix: string, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const id = `${prefix}${String(n).padStart(4, "0")}`;
    await session.append({ id, text: `${id} ${"equal ".repeat(150)}` });
  }
}

async function appendAny(session: Session<any, any>, prefix: string, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const text = `${prefix} ${n} ${"any ".repeat((n * 37) % 500)}`;
    const id = `${prefix}${n}`;
    await session.append(
      n % 7 === 3
        ? [
            { id, text },
            { id: `${id}-answer`, text, n },
          ]
        : { id, text },
    );
    if (n % 5 === 1) await session.putPart(id, { id: "p1", text: `part of ${text.slice(0, 300)}` });
    if (n % 11 === 2) await session.putMessage({ id, text: `edited ${text.slice(0, 500)}` });
  }
}

async function fillFirst(store: Store<any, any>): Promise<void> {
  const alpha = await store.createSession({
    id: "alpha",
    title: "alpha of all",
    project: "acme",
    directory: "/home/me",
  });
  await appendEqual(alpha, "a", 75);
  const beta = await store.createSession({ id: "beta", title: "first", project: "acme", tags: ["a", "b"] });
  await appendAny(beta, "b", 30);
  await beta.truncate({ keepLast: 25 });
  await beta.update({ title: "beta again", project: "moved", summary: "what was said before" });
  await appendAny(beta, "bb", 55);
  await beta.remove("bb7");
  await beta.checkout("bb50");
  await appendAny(beta, "bbb", 20);
  const gamma = await store.createSession({ id: "gamma", pinned: true, directory: "/home/me" });
  await gamma.append([{ text: "small" }, { text: "and whole" }]);
  const delta = await store.createSession({
    id: "delta",
    parent: "alpha",
    archived: true,
    tags: ["a"],
    title: "delta",
  });
  await appendAny(delta, "d", 5);
  const epsilon = await store.createSession({ id: "epsilon", title: "to be deleted" });
  await appendAny(epsilon, "e", 5);
  await epsilon.delete();
  const named = await store.createSession({ id: "Ünï/1", title: "é of the names", project: "acme", parent: "beta" });
  await appendAny(named, "n", 3);
  await appendAny(store.session("zeta", { create: true }), "z", 65);
}

/** Another machine goes on with one session and has one of its own. */
async function fillSecond(store: Store<any, any>): Promise<void> {
  await appendAny(store.session("zeta"), "zz", 20);
  await store.session("zeta").update({ title: "zeta of two", project: "acme" });
  await appendEqual(store.session("theta", { create: true }), "t", 70);
}
