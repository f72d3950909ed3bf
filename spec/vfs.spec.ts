// Both file systems keep one contract.
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { MemoryVfs } from "../lib/disk/memory-vfs.ts";
import { NodeVfs } from "../lib/disk/node-vfs.ts";
import type { Vfs, VfsFile } from "../lib/disk/vfs.ts";
import { collect } from "./helpers/stores.ts";

const scratch = mkdtempSync(join(tmpdir(), "turnlog-vfs-"));
afterAll(() => rmSync(scratch, { recursive: true }));
let directories = 0;

function put(file: VfsFile, text: string): number {
  return file.write(text, Buffer.byteLength(text));
}

function content(vfs: Vfs, path: string): string {
  return vfs.readText(path) ?? "(none)";
}

describe.each<[string, () => Vfs]>([
  ["node", () => new NodeVfs()],
  ["memory", () => new MemoryVfs()],
])("%s", (_, make) => {
  const setUp = (): { vfs: Vfs; at: (name: string) => string } => {
    const vfs = make();
    const directory = join(scratch, String(++directories));
    vfs.makeDirectory(directory);
    return { vfs, at: (name) => join(directory, name) };
  };

  test("a file grows at its end, and is read where one asks", async () => {
    const { vfs, at } = setUp();
    const file = vfs.open(at("f"), "create");
    expect(put(file, "hello ")).toBe(6);
    expect(put(file, "wörld")).toBe(6);
    const other = vfs.open(at("f"), "append");
    expect(other.write(Buffer.from("!?"), 1)).toBe(1);
    expect(content(vfs, at("f"))).toBe("hello wörld!");
    const bytes = Buffer.alloc(20, ".");
    expect(file.read(bytes, 2, 5, 0)).toBe(5);
    expect(bytes.toString("latin1", 0, 8)).toBe("..hello.");
    expect(await file.readLater(bytes, 0, 20, 12)).toBe(1);
    expect(file.read(bytes, 0, 20, 13)).toBe(0);
    expect(file.stat()).toMatchObject({ size: 13, isDirectory: false });
    await file.sync();
    file.close();
    other.close();
  });

  test("a file is made once, and never by opening it", () => {
    const { vfs, at } = setUp();
    expect(() => vfs.open(at("f"), "append")).toThrow(expect.objectContaining({ code: "ENOENT" }));
    expect(() => vfs.open(at("f"), "read")).toThrow(expect.objectContaining({ code: "ENOENT" }));
    vfs.open(at("f"), "create").close();
    expect(() => vfs.open(at("f"), "create")).toThrow(expect.objectContaining({ code: "EEXIST" }));
  });

  test("a second name is the same file; a rename replaces, an open file stays what it was", () => {
    const { vfs, at } = setUp();
    const file = vfs.open(at("a"), "create");
    put(file, "one");
    vfs.link(at("a"), at("b"));
    expect(vfs.stat(at("b"))?.ino).toBe(vfs.stat(at("a"))?.ino);
    expect(() => vfs.link(at("a"), at("b"))).toThrow(expect.objectContaining({ code: "EEXIST" }));
    const next = vfs.open(at("c"), "create");
    put(next, "two");
    vfs.rename(at("c"), at("a"));
    put(file, "+");
    expect([content(vfs, at("a")), content(vfs, at("b")), content(vfs, at("c"))]).toEqual(["two", "one+", "(none)"]);
    file.close();
    next.close();
  });

  test("what is not there is nothing; what cannot be looked at is an error", async () => {
    const { vfs, at } = setUp();
    expect(vfs.stat(at("x"))).toBeUndefined();
    expect(vfs.readText(at("x"))).toBeUndefined();
    expect(vfs.names(at("x"))).toEqual([]);
    expect(await collect(vfs.streamNames(at("x")))).toEqual([]);
    vfs.remove(at("x"));
    expect(() => vfs.rename(at("x"), at("y"))).toThrow(expect.objectContaining({ code: "ENOENT" }));
  });

  test("directories are made with those above, and list their names", async () => {
    const { vfs, at } = setUp();
    vfs.makeDirectory(at("d/e/f"));
    vfs.makeDirectory(at("d/e/f"));
    vfs.open(at("d/z"), "create").close();
    vfs.open(at("d/y"), "create").close();
    expect(vfs.names(at("d"))).toEqual(["e", "y", "z"]);
    expect((await collect(vfs.streamNames(at("d")))).toSorted()).toEqual(["e", "y", "z"]);
    vfs.remove(at("d/y"));
    expect(vfs.names(at("d"))).toEqual(["e", "z"]);
    expect(vfs.stat(at("d"))?.isDirectory).toBe(true);
    await vfs.syncDirectory(at("d"));
  });
});

test("files and directories are the user's alone", () => {
  const vfs = new NodeVfs();
  vfs.makeDirectory(join(scratch, "own/deeper"));
  vfs.open(join(scratch, "own/file"), "create").close();
  expect(statSync(join(scratch, "own/deeper")).mode & 0o777).toBe(0o700);
  expect(statSync(join(scratch, "own/file")).mode & 0o777).toBe(0o600);
});

describe("a large file that is removed", () => {
  const bytes = Buffer.alloc(5 * 1024 * 1024, "x");
  const vfs = new NodeVfs();
  const isOpen = (path: string): boolean => {
    const files = existsSync("/proc/self/fd") ? readdirSync("/proc/self/fd") : [];
    return files.some((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith(path);
      } catch {
        return false;
      }
    });
  };

  test("is gone at once, and nothing holds its bytes for long", async () => {
    const path = join(scratch, "large");
    const file = vfs.open(path, "create");
    file.write(bytes, bytes.length);
    file.close();
    vfs.remove(path);
    expect(vfs.stat(path)).toBeUndefined();
    await expect.poll(() => isOpen(path)).toBe(false);
  });

  test("stays readable for whoever has it open, and goes when that one closes it", async () => {
    const path = join(scratch, "held");
    const file = vfs.open(path, "create");
    file.write(bytes, bytes.length);
    vfs.remove(path);
    expect(vfs.stat(path)).toBeUndefined();
    expect(file.read(Buffer.alloc(8), 0, 8, bytes.length - 8)).toBe(8);
    file.close();
    await expect.poll(() => isOpen(path)).toBe(false);
  });
});
