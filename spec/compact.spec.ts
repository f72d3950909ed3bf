// Compaction changes no answer, and stands in nobody's way.
import { appendFileSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Session, Store } from "../lib/index.ts";
import { output, run } from "./helpers/processes.ts";
import { logPath, useStores } from "./helpers/stores.ts";

const stores = useStores();
const IS_LONG = process.env["TURNLOG_LONG"] !== undefined;

const count = (text: string, needle: string): number => text.split(needle).length - 1;

/** A session with something of every kind that dies. */
async function written(store: Store<any, any>): Promise<Session<any, any>> {
  const session = await store.createSession({ id: "s", summary: "first" });
  for (let n = 0; n < 20; n++) await session.append({ id: `m${n}`, text: `text ${n}` });
  for (let n = 0; n < 50; n++) await session.putPart("m10", { id: "p", progress: n });
  for (let n = 0; n < 5; n++) await session.putMessage({ id: "m11", text: `edited ${n}` });
  await session.remove("m12");
  await session.update({ summary: "second" });
  await session.update({ summary: "third", tags: ["a"] });
  await session.truncate({ before: "m5" });
  await session.checkout("m15");
  await session.append({ id: "branch", text: "another way" });
  return session;
}

async function answers(session: Session<any, any>): Promise<unknown> {
  const { bytes: _, ...info } = (await session.info()) as unknown as { bytes: number };
  return { info, history: await session.history(), branches: await session.branches() };
}

describe("compaction", () => {
  test("changes no answer, and leaves no line that nobody can see", async () => {
    const store = await stores.open();
    const session = await written(store);
    const before = await answers(session);
    const page = await session.page({ limit: 3 });
    const path = logPath(store, "s");
    const text = readFileSync(path, "utf8");
    const { bytesBefore, bytesAfter, lines } = await session.compact();
    const after = readFileSync(path, "utf8");
    expect([bytesBefore, bytesAfter]).toEqual([text.length, after.length]);
    expect(count(text, "\n") - count(after, "\n")).toBe(lines);
    expect(await answers(session)).toEqual(before);
    expect((await session.page({ limit: 3, before: page.previous })).items).toEqual(
      (await session.history()).slice(-6, -3),
    );
    for (const gone of ['"progress":48', '"edited 3"', '"text 3"', '"text 12"', '"first"', '"second"'])
      expect(after, gone).not.toContain(gone);
    for (const kept of ['"progress":49', '"edited 4"', '"text 19"', '"another way"', '"third"'])
      expect(count(after, kept), kept).toBe(1);
    const known = new Set(text.split("\n"));
    expect(after.split("\n").filter((line) => !known.has(line))).toEqual([]);
    await store.close();
    const again = await stores.open({}, store.path);
    expect(await answers(again.session("s"))).toEqual(before);
  });

  test("of what is compact changes no byte", async () => {
    const store = await stores.open();
    const session = await written(store);
    await session.compact();
    const path = logPath(store, "s");
    const [text, { ino, mtimeMs }] = [readFileSync(path, "utf8"), statSync(path)];
    expect(await session.compact()).toMatchObject({ bytesBefore: text.length, bytesAfter: text.length, lines: 0 });
    expect(readFileSync(path, "utf8")).toBe(text);
    expect(statSync(path)).toMatchObject({ ino, mtimeMs });
  });

  test("takes a torn fragment out, into lost+found", async () => {
    const store = await stores.open({}, stores.damaged());
    const session = await written(store);
    const path = logPath(store, "s");
    appendFileSync(path, '{"at":"2026-torn');
    await session.append({ id: "after" });
    expect(await session.compact()).toMatchObject({ fragments: 1 });
    expect(readFileSync(path, "utf8")).not.toContain("2026-torn");
    const lost = join(store.path, "lost+found", "s");
    expect(readFileSync(join(lost, String(readdirSync(lost)[0])), "utf8")).toBe('{"at":"2026-torn');
    expect((await session.history()).at(-1)?.id).toBe("after");
  });

  test("leaves a deleted session as it is, to be restored", async () => {
    const store = await stores.open();
    const session = await written(store);
    const before = await session.history();
    await session.delete();
    await store.compact();
    await session.restore();
    expect(await session.history()).toEqual(before);
  });

  test("asked for several times at once is done once", async () => {
    const store = await stores.open({ compactDeadBytes: 0, compactDeadRatio: 0.1 });
    const session = await written(store);
    const before = await answers(session);
    const results = await Promise.all([session.compact(), session.compact(), store.compact(), session.compact()]);
    expect(results.filter((result) => "lines" in result && result.lines > 0).length).toBeLessThan(2);
    expect(await answers(session)).toEqual(before);
  });

  test("of all sessions tells what it has freed, and stops for none that cannot be", async () => {
    const store = await stores.open({}, stores.damaged());
    await written(store);
    await store.createSession({ id: "quiet" });
    await store.createSession({ id: "t" });
    for (let n = 0; n < 9; n++) await store.session("t").putMessage({ id: "m", text: `text ${n}` });
    const before = statSync(logPath(store, "t")).size + statSync(logPath(store, "s")).size;
    const seen: number[] = [];
    const { sessions, compacted, freedBytes, failed } = await store.compact({
      onProgress: (progress) => void seen.push(progress.sessions),
    });
    expect({ sessions, compacted, failed, seen }).toEqual({ sessions: 3, compacted: 2, failed: [], seen: [1, 2, 3] });
    expect(before - statSync(logPath(store, "t")).size - statSync(logPath(store, "s")).size).toBe(freedBytes);
  });
});

describe("while a log is compacted", () => {
  test("this process appends and reads, and nothing waits for it", async () => {
    const store = await stores.open();
    const session = await store.createSession({ id: "s" });
    for (let n = 0; n < 400; n++) await session.append({ id: `m${n}`, text: "x".repeat(5000) });
    await session.truncate({ keepLast: 50 });
    const state = { isOver: false };
    const compacting = session.compact().finally(() => (state.isOver = true));
    let n = 400;
    const waits: number[] = [];
    while (!state.isOver) {
      const start = performance.now();
      await session.append({ id: `m${n++}`, text: "y".repeat(500) });
      waits.push(performance.now() - start);
      if (n % 10 === 0) expect((await session.page({ limit: 5 })).items.at(-1)?.id).toBe(`m${n - 1}`);
      await sleep(1);
    }
    expect((await compacting).lines).toBe(350);
    expect(waits.length).toBeGreaterThan(3);
    await session.append({ id: `m${n++}` });
    expect((await session.history()).map(({ id }) => id)).toEqual(
      Array.from({ length: n - 350 }, (_, index) => `m${index + 350}`),
    );
    // What is known is not read again: the same log, and the one that stands beside.
    expect((await session.stats()).lines).toBeGreaterThan(50);
  });

  test.each([true, false])(
    "other processes append: every line is there once (lease: %s)",
    async (lease) => {
      const ROUNDS = IS_LONG ? (lease ? 1000 : 100) : lease ? 30 : 5;
      // Three processes that all want one session take turns: a thousand compactions of several end in minutes.
      const ids = Array.from({ length: IS_LONG ? 10 : 1 }, (_, n) => `s${n}`);
      // Without a lease a line may be written twice, to the log and to the one that replaced it: it counts once.
      const directory = lease ? stores.directory() : stores.damaged();
      const store = await stores.open({ lease, busyTimeoutMs: 60_000 }, directory);
      const sessions = ids.map((id) => store.session(id, { create: true }));
      for (const session of sessions) await session.putMessage({ id: "busy", round: 0 });
      const writer = `
        const [directory, number, lease, ids] = args;
        const store = await turnlog.openStore(directory, { lease, busyTimeoutMs: 60_000 });
        let isOver = false;
        process.stdin.once("data", () => (isOver = true));
        let n = 0;
        while (!isOver) {
          const session = store.session(ids[n % ids.length]);
          await session.append({ id: number + "-" + n, number, n });
          // Without a lease the history may be another branch by now.
          if (lease) await session.putPart(number + "-" + n, { id: "p", n });
          if (n++ === 3) say("ready");
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        await store.close();
        say(String(n));
        process.exit(0);`;
      const writers = [0, 1].map((number) => run(writer, store.path, number, lease, ids));
      try {
        for (const each of writers) await each.lines.next();
        let compacted = 0;
        const compactAll = async (session: Session<any, any>): Promise<void> => {
          for (let round = 1; compacted < ROUNDS; round++) {
            await session.putMessage({ id: "busy", round });
            await session.putMessage({ id: "busy", round: -round });
            // Without a lease "busy" may be on a branch that is not the history any more: then it is begun anew, and nothing is dead.
            const { lines } = await session.compact().catch(() => ({ lines: 0 }));
            if (lines > 0) compacted++;
            await sleep(lease ? 1 : 100);
          }
        };
        await Promise.all(sessions.map(compactAll));
        for (const { process } of writers) process.stdin!.write("end\n");
        const written: number[] = [];
        for (const each of writers) written.push(Number((await output(each))[0]));
        const texts = ids.flatMap((id) => readFileSync(logPath(store, id), "utf8").trim().split("\n"));
        if (lease) expect(new Set(texts).size).toBe(texts.length);
        const lines = [...new Set(texts)].map((line) => JSON.parse(line) as { type: string; id: string });
        const all = lines.filter(({ type, id }) => type === "message" && id !== "busy").map(({ id }) => id);
        const expected = written.flatMap((count, number) => Array.from({ length: count }, (_, n) => `${number}-${n}`));
        expect(all.toSorted()).toEqual(expected.toSorted());
        expect(lines.filter(({ type }) => type === "part")).toHaveLength(lease ? expected.length : 0);
        if (IS_LONG)
          process.stderr.write(`compact: ${compacted} compactions, ${all.length} messages, lease ${lease}\n`);
      } finally {
        for (const { process } of writers) process.kill("SIGKILL");
      }
    },
    1_800_000,
  );
});
