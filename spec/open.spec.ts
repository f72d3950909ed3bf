// A store, or a log, that cannot be opened gives a clear error with a stable code, and stays as it is.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openStore } from "../lib/index.ts";
import { run } from "./helpers/processes.ts";
import { collect, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
const failing = (code: string): unknown => expect.objectContaining({ code });

describe("a store that cannot be opened", () => {
  test("a file", async () => {
    const path = join(stores.directory(), "file");
    writeFileSync(path, "text");
    await expect(openStore(path)).rejects.toThrow(failing("NOT_A_STORE"));
    await expect(openStore(join(path, "below"))).rejects.toThrow(expect.objectContaining({ name: "StoreError" }));
    expect(readFileSync(path, "utf8")).toBe("text");
  });

  test("a newer format, which is never touched", async () => {
    const directory = stores.unverified();
    writeFileSync(join(directory, "turnlog.json"), '{"format":2}\n');
    await expect(openStore(directory)).rejects.toThrow(failing("NEWER_FORMAT"));
    expect(execFileSync("ls", ["-A", directory], { encoding: "utf8" })).toBe("turnlog.json\n");
  });

  test("a damaged marker", async () => {
    for (const text of ["", "{", '{"format":"1"}', "null", '{"format":0}']) {
      const directory = stores.unverified();
      writeFileSync(join(directory, "turnlog.json"), text);
      await expect(openStore(directory), text).rejects.toThrow(failing("DAMAGED"));
      expect(readFileSync(join(directory, "turnlog.json"), "utf8")).toBe(text);
    }
  });

  test("none, where none is to be made", async () => {
    await expect(openStore(join(stores.directory(), "none"), { create: false })).rejects.toThrow(failing("NOT_FOUND"));
  });

  test("wrong options", async () => {
    const directory = stores.directory();
    for (const options of [
      { durabilty: "power" },
      { durability: "disk" },
      { maxLineBytes: 5 },
      { maxOpenFiles: 1.5 },
      { machine: "" },
      { create: 1 },
      { wellFormed: "yes" },
    ]) {
      await expect(openStore(directory, options as object)).rejects.toThrow(failing("INVALID_ARGUMENT"));
    }
    await expect(openStore(directory, null as never)).rejects.toThrow(TypeError);
    expect(execFileSync("ls", ["-A", directory], { encoding: "utf8" })).toBe("");
  });

  test("a directory that is not ours to write: a store there is read, none is made", async () => {
    const directory = stores.unverified();
    const store = await openStore<any>(directory);
    await store.session("s", { create: true }).append({ n: 1 });
    await store.close();
    const empty = stores.unverified();
    if (process.getuid?.() === 0)
      for (const each of [directory, empty]) execFileSync("chown", ["-R", "65534:65534", each]);
    for (const each of [empty, directory]) {
      execFileSync("chmod", ["-R", "a-w", each]);
      const child = run(
        `if (process.getuid?.() === 0) { process.setgid(65534); process.setuid(65534); }
         const code = (error) => say(error.code);
         try {
           const store = await turnlog.openStore(args[0]);
           say((await store.session("s").history()).length);
           await store.session("s").append({ n: 2 }).catch(code);
           await store.createSession().catch(code);
           await store.close();
         } catch (error) { code(error); }`,
        each,
      );
      const lines = [];
      for (let next = await child.lines.next(); !next.done; next = await child.lines.next()) lines.push(next.value);
      expect(lines).toEqual(each === empty ? ["NO_ACCESS"] : ["1", "NO_ACCESS", "NO_ACCESS"]);
      execFileSync("chmod", ["-R", "u+w", each]);
    }
  });
});

describe("a log that cannot be read", () => {
  const header = '{"at":"2026-11-21T09:08:13.123Z-0000-k3f9x2ab","type":"session","id":"ID","data":{"format":1}}\n';
  test.each([
    ["empty", "", "DAMAGED"],
    ["no header", "some text\n", "DAMAGED"],
    ["a torn header", header.slice(0, 50), "DAMAGED"],
    ["NULs", "\0".repeat(5000), "DAMAGED"],
    ["the header of another session", header.replace("ID", "other"), "DAMAGED"],
    ["a newer format", header.replace("ID", "bad").replace('"format":1', '"format":2'), "NEWER_FORMAT"],
  ])("%s: an error, listed with its reason, never written over; the others are read", async (_, content, code) => {
    const directory = stores.unverified();
    const store = await stores.open({}, directory);
    await (await store.createSession({ id: "good" })).append({ n: 1 });
    const path = onlyLog(directory).replace("good", "bad");
    writeFileSync(path, content);
    const session = store.session("bad", { create: true });
    await expect(session.history()).rejects.toThrow(failing(code));
    await expect(session.append({ n: 2 })).rejects.toThrow(failing(code));
    await expect(session.page({ limit: 5 })).rejects.toThrow(failing(code));
    await expect(store.createSession({ id: "bad" })).rejects.toThrow(failing(code));
    await expect(session.delete()).rejects.toThrow(failing(code));
    expect(await collect(store.sessions())).toEqual([
      expect.objectContaining({ id: "good" }),
      { id: "bad", damaged: expect.any(String) },
    ]);
    expect(await store.get("bad")).toEqual({ id: "bad", damaged: expect.any(String) });
    expect(readFileSync(path, "utf8")).toBe(content);
  });
});

test("files and directories are the user's alone, whatever the umask", async () => {
  const directory = stores.directory();
  const old = process.umask(0);
  try {
    mkdirSync(join(directory, "above"));
    chmodSync(join(directory, "above"), 0o755);
    const store = await stores.open({}, join(directory, "above", "store"));
    await (await store.createSession()).append({ n: 1 });
    await store.close();
  } finally {
    process.umask(old);
  }
  const modes = execFileSync("find", [join(directory, "above", "store"), "-printf", "%y%m\n"], { encoding: "utf8" });
  expect([...new Set(modes.trimEnd().split("\n"))].toSorted()).toEqual(["d700", "f600"]);
});
