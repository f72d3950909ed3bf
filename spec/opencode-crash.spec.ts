// What a crash and a second process may not break in opencode's storage.
import { expect, test } from "vitest";
import { opencodeStorage } from "../lib/adapters/opencode.ts";
import type { OpencodeMessage, OpencodePart, OpencodeSession, OpencodeStorage } from "../lib/adapters/opencode.ts";
import { KILLING_MS, adapterUrl, holding, killed, killing } from "./helpers/adapters.ts";
import { output, run } from "./helpers/processes.ts";
import { collect, logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();
const ADAPTER = adapterUrl("opencode");

test("calls that a crash has interrupted are ended as failed, in one commit, and nothing else is touched", async () => {
  const directory = stores.directory();
  const storage: OpencodeStorage<OpencodeSession, OpencodeMessage, any> = opencodeStorage(
    await stores.open({}, directory),
  );
  expect(await storage.endInterrupted("ses_1")).toBe(0);
  await storage.writeSession({ id: "ses_1", projectID: "p" });
  const of = { sessionID: "ses_1", messageID: "msg_1" };
  const tool = (id: string, state: object): OpencodePart & { state: object } => ({ ...of, id, type: "tool", state });
  const done = [
    { ...of, id: "prt_1", type: "text", text: "hi" },
    tool("prt_2", { status: "completed", input: {}, output: "ok" }),
  ];
  const running = tool("prt_3", { status: "running", input: { a: 1 }, title: "t", time: { start: 5 } });
  const pending = tool("prt_4", { status: "pending", input: {}, raw: "{" });
  await storage.writeMessage({ id: "msg_1", sessionID: "ses_1", role: "assistant" }, [...done, running, pending]);
  const lines = (): number => [...logsOf(directory).values()].join("").split("\n").length;
  const before = lines();
  expect(await storage.endInterrupted("ses_1")).toBe(2);
  expect(lines()).toBe(before + 2);
  const error = { status: "error", error: "interrupted" };
  const end = expect.any(Number) as number;
  expect((await storage.readMessage("ses_1", "msg_1"))?.parts).toEqual([
    ...done,
    { ...running, state: { ...error, input: { a: 1 }, time: { start: 5, end } } },
    { ...pending, state: { ...error, input: {}, time: { start: end, end } } },
  ]);
  expect(await storage.endInterrupted("ses_1")).toBe(0);
});

test(
  "a kill -9 in the middle of turns leaves no message without its parts, and no call without its result once the next one has begun",
  async () => {
    const directory = stores.damaged();
    const script = `
      const [directory, adapter, from] = args;
      const { opencodeStorage } = await import(adapter);
      const storage = opencodeStorage(await turnlog.openStore(directory));
      const output = "x".repeat(20_000), sessionID = "ses_1";
      await storage.writeSession({ id: sessionID, projectID: "p" });
      await storage.endInterrupted(sessionID);
      for (let n = from; ; n++) {
        const messageID = "msg_" + n;
        const tool = (status, more) => ({ id: "prt_tool", sessionID, messageID, type: "tool", callID: "c" + n, tool: "read", state: { status, input: {}, ...more } });
        await storage.writeMessage({ id: messageID, sessionID, role: "assistant" }, [{ id: "prt_step", sessionID, messageID, type: "step-start" }, tool("running")]);
        await storage.writePart(tool("completed", { output }));
        say(String(n));
      }`;
    const interrupted = new Set<number>();
    await killing(
      (from) => run(script, directory, ADAPTER, from),
      async (said) => {
        const store = await stores.open({}, directory);
        const storage: OpencodeStorage<OpencodeSession, OpencodeMessage, any> = opencodeStorage(store);
        expect(await storage.endInterrupted("ses_1")).toBeLessThanOrEqual(1);
        const ids = await collect(storage.messageIDs("ses_1"));
        for (const [n, id] of ids.entries()) {
          const { parts } = (await storage.readMessage("ses_1", id))!;
          expect(parts.map((part) => part.type)).toEqual(["step-start", "tool"]);
          const { status, output } = parts[1].state;
          const isDone = status === "completed" && output.length === 20_000;
          // A kill can only have interrupted the last one of its time.
          if (!isDone && n > said) interrupted.add(n);
          expect(isDone || (status === "error" && interrupted.has(n)), id).toBe(true);
        }
        expect(ids.length).toBeGreaterThan(said);
        await store.close();
        return ids.length;
      },
    );
  },
  KILLING_MS,
);

test("two processes write to one session: all that they wrote is there", async () => {
  const directory = stores.directory();
  const script = `
    const [directory, adapter, name] = args;
    const { opencodeStorage } = await import(adapter);
    const store = await turnlog.openStore(directory);
    const storage = opencodeStorage(store), sessionID = "ses_1";
    await storage.writeSession({ id: sessionID, projectID: "p" });
    for (let n = 0; n < 15; n++) {
      const messageID = name + n;
      await storage.writeMessage({ id: messageID, sessionID, role: "user" });
      await storage.writePart({ id: "prt", sessionID, messageID, type: "text", text: name });
    }
    await store.close();`;
  await Promise.all(["p", "q"].map((name) => output(run(script, directory, ADAPTER, name))));
  const storage: OpencodeStorage<OpencodeSession, OpencodeMessage, any> = opencodeStorage(
    await stores.open({}, directory),
  );
  const ids = await collect(storage.messageIDs("ses_1"));
  expect(ids).toHaveLength(30);
  for (const id of ids) expect((await storage.readMessage("ses_1", id))?.parts).toMatchObject([{ text: id[0] }]);
});

test("while another process holds the session, a write rejects, and a later one is through", async () => {
  const directory = stores.directory();
  const child = await holding(directory, "ses_1", { id: "msg_1", role: "user", content: "", record: {} });
  const storage = opencodeStorage(await stores.open({ busyTimeoutMs: 300 }, directory));
  const message = { id: "msg_2", sessionID: "ses_1", role: "user" };
  await expect(storage.writeMessage(message)).rejects.toMatchObject({ code: "SESSION_BUSY", written: "no" });
  await killed(child);
  await storage.writeMessage(message);
  expect(await collect(storage.messageIDs("ses_1"))).toEqual(["msg_1", "msg_2"]);
});
