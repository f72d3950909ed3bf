// The command line where another process writes.
import { afterEach, expect, test } from "vitest";
import { turnlog } from "./helpers/cli.ts";
import { holderOf } from "./helpers/leases.ts";
import { run } from "./helpers/processes.ts";
import type { Child } from "./helpers/processes.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();
let child: Child | undefined;
afterEach(() => void child?.process.kill("SIGKILL"));

test("busy is exit 3 and names who writes; unlock takes it from them; show asks nobody", async () => {
  const directory = stores.directory();
  child = run(
    `const store = await turnlog.openStore(args[0]);
     await store.session("s", { create: true }).append({ role: "user", content: "hi" });
     say("ready");
     setInterval(() => undefined, 1000);`,
    directory,
  );
  await child.lines.next();
  child.process.kill("SIGSTOP");
  const { pid, host, since } = holderOf(directory, "s");
  const cli = (...args: string[]): ReturnType<typeof turnlog> =>
    turnlog(["--store", directory, ...args], { input: '{"role":"user","content":"there"}\n' });
  const busy = await cli("append", "s");
  expect(busy).toMatchObject({ code: 3, stdout: "" });
  expect(busy.stderr).toContain(`process ${pid} on ${host}`);
  expect(await cli("show", "s")).toMatchObject({ code: 0 });
  const taken = await cli("unlock", "s");
  expect(taken).toEqual({
    code: 0,
    stdout: "",
    stderr: `took s from process ${pid} on ${host}, which had it since ${since}\n`,
  });
  expect(await cli("unlock", "s")).toEqual({ code: 1, stdout: "", stderr: "nobody writes to s\n" });
  expect(await cli("unlock", "s", "--json")).toEqual({ code: 1, stdout: '{"id":"s","holder":null}\n', stderr: "" });
  expect(await cli("append", "s")).toMatchObject({ code: 0 });
  expect(await cli("unlock", "nobody")).toMatchObject({ code: 1 });
  expect(await cli("unlock")).toMatchObject({ code: 2 });
});
