// A file appears whole or not at all, on every file system, and nothing is left where it was made.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { settingsOf } from "../lib/base/options.ts";
import { Aside, linkOrCopy, replaceText } from "../lib/disk/aside.ts";
import { rooms } from "../lib/open.ts";
import { openOn } from "../lib/store/open-on.ts";
import { FaultVfs } from "./helpers/fault-vfs.ts";
import type { Operation } from "./helpers/fault-vfs.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();
const scratch = mkdtempSync(join(tmpdir(), "turnlog-aside-"));
afterAll(() => rmSync(scratch, { recursive: true }));
let directories = 0;
const failing = (code: string): unknown => expect.objectContaining({ code });

function setUp(): { vfs: FaultVfs; aside: string; at: (name: string) => string } {
  const directory = join(scratch, String(++directories));
  mkdirSync(directory);
  return { vfs: new FaultVfs(), aside: join(directory, "aside"), at: (name) => join(directory, name) };
}

/** The first call of this kind fails, as that from another volume does. */
function once(operation: Operation, code: string): FaultVfs["fault"] {
  let calls = 0;
  return (each) => (each === operation && calls++ === 0 ? code : undefined);
}

const NO_LINKS = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"];

describe.each<[string, (vfs: FaultVfs) => void]>([
  ["hard links", () => undefined],
  ...NO_LINKS.map((code): [string, (vfs: FaultVfs) => void] => [
    `${code} for them`,
    (vfs) => (vfs.fault = (operation) => (operation === "link" ? code : undefined)),
  ]),
  ["the cache on another volume", (vfs) => (vfs.fault = once("link", "EXDEV"))],
  [
    "the cache on another volume, and no hard links on this one",
    (vfs) => {
      let calls = 0;
      vfs.fault = (operation) => (operation === "link" ? (calls++ === 0 ? "EXDEV" : "EPERM") : undefined);
    },
  ],
])("on a file system with %s", (_, prepare) => {
  test("a file gets its name with all of its content, and directories above it", () => {
    const { vfs, aside, at } = setUp();
    prepare(vfs);
    const file = new Aside(vfs, aside);
    file.write("first ");
    file.write(Buffer.from("and second"));
    expect(readdirSync(aside)).toHaveLength(1);
    file.publish(at("a/b/name"));
    file.discard();
    expect(readFileSync(at("a/b/name"), "utf8")).toBe("first and second");
    expect(statSync(at("a/b/name")).mode & 0o777).toBe(0o600);
    expect(readdirSync(aside)).toEqual([]);
  });

  test("a name that somebody has is not taken from him", () => {
    const { vfs, aside, at } = setUp();
    prepare(vfs);
    writeFileSync(at("name"), "theirs");
    const file = new Aside(vfs, aside);
    file.write("ours");
    expect(() => file.publish(at("name"))).toThrow(failing("EEXIST"));
    expect(readFileSync(at("name"), "utf8")).toBe("theirs");
    expect(readdirSync(aside)).toEqual([]);
  });

  test("a file gets a second name, with the same content", () => {
    const { vfs, aside, at } = setUp();
    prepare(vfs);
    writeFileSync(at("one"), "x".repeat(5_000_000));
    linkOrCopy(vfs, aside, at("one"), at("below/two"));
    expect(readFileSync(at("below/two")).equals(readFileSync(at("one")))).toBe(true);
    expect(() => linkOrCopy(vfs, aside, at("one"), at("below/two"))).toThrow(failing("EEXIST"));
    expect(readFileSync(at("one"))).toHaveLength(5_000_000);
    expect(vfs.names(aside)).toEqual([]);
  });
});

test("a text takes the place of the one before, whole, from another volume, too", () => {
  for (const fault of [() => undefined, once("rename", "EXDEV")]) {
    const { vfs, aside, at } = setUp();
    replaceText(vfs, aside, at("new/name"), "one");
    vfs.fault = fault;
    replaceText(vfs, aside, at("new/name"), "twö");
    expect(readFileSync(at("new/name"), "utf8")).toBe("twö");
    expect(readdirSync(aside)).toEqual([]);
    expect(readdirSync(at("new")).filter((name) => statSync(at(`new/${name}`)).isFile())).toEqual(["name"]);
  }
});

test("a replacement that fails leaves the old text, and nothing aside", () => {
  const { vfs, aside, at } = setUp();
  replaceText(vfs, aside, at("name"), "old");
  for (const [operation, fault, code] of [
    ["write", "ENOSPC", "ENOSPC"],
    ["write", 1, "ENOSPC"],
    ["rename", "EBUSY", "EBUSY"],
    ["rename", "EACCES", "EACCES"],
    ["open", "EMFILE", "EMFILE"],
  ] as const) {
    vfs.fault = (each) => (each === operation ? fault : undefined);
    expect(() => replaceText(vfs, aside, at("name"), "new")).toThrow(failing(code));
    expect(readFileSync(at("name"), "utf8")).toBe("old");
    expect(readdirSync(aside)).toEqual([]);
  }
});

test("a file that could not be copied whole to its name has no name", () => {
  for (const fault of ["ENOSPC", "EIO", 0, 3]) {
    const { vfs, aside, at } = setUp();
    const file = new Aside(vfs, aside);
    file.write("content");
    vfs.fault = (operation) => (operation === "link" ? "EPERM" : operation === "write" ? fault : undefined);
    expect(() => file.publish(at("name"))).toThrow();
    expect(vfs.stat(at("name")), String(fault)).toBeUndefined();
    expect(readdirSync(aside)).toEqual([]);
  }
});

test("without hard links a disk that was full for a moment leaves no damaged session", async () => {
  const vfs = new FaultVfs();
  const store = await openOn<any, any>(vfs, stores.unverified(), settingsOf({}), rooms);
  let links = 0;
  // The file aside is written, its copy under the name is not.
  vfs.fault = (operation) => {
    if (operation === "link") links++;
    return operation === "link" ? "EPERM" : operation === "write" && links > 0 ? "ENOSPC" : undefined;
  };
  await expect(store.createSession({ id: "s" })).rejects.toThrow(failing("NO_SPACE"));
  vfs.fault = (operation) => (operation === "link" ? "EPERM" : undefined);
  expect(await store.get("s")).toBeUndefined();
  const session = await store.createSession({ id: "s" });
  await session.append({ n: 1 });
  expect(await session.count()).toBe(1);
  await store.close();
});

test("two that publish one name at once: one has it, the other is told", () => {
  for (const fault of [undefined, "EPERM"]) {
    const { vfs, aside, at } = setUp();
    vfs.fault = (operation) => (operation === "link" ? fault : undefined);
    const files = ["one", "two"].map((text) => {
      const file = new Aside(vfs, aside);
      file.write(text);
      return file;
    });
    files[1]!.publish(at("name"));
    expect(() => files[0]!.publish(at("name"))).toThrow(failing("EEXIST"));
    expect(readFileSync(at("name"), "utf8")).toBe("two");
    expect(readdirSync(aside)).toEqual([]);
  }
});
