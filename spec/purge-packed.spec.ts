// What is purged is gone from attachments, too, and from the archive.
import { cpSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { filesWith, useStores } from "./helpers/stores.ts";

const stores = useStores();

const attachment = (what: string): string => Buffer.from(`${what} `.repeat(6000)).toString("base64");

test("the attachments of what is purged go at once, but for those that something else names", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const session = await store.createSession({ id: "s" });
  const other = await store.createSession({ id: "other" });
  await session.append({ id: "a", file: attachment("NEEDLE"), both: attachment("shared") });
  await session.append({ id: "b", file: attachment("kept") });
  await session.putPart("a", { id: "p", file: attachment("NEEDLE in a part") });
  await session.putPart("a", { id: "p", file: attachment("NEEDLE, again") });
  await other.append({ id: "c", file: attachment("shared") });
  expect(filesWith(directory, "NEEDLE").length).toBe(3);
  await session.purge(["a"]);
  expect(filesWith(directory, "NEEDLE")).toEqual([]);
  expect((await other.history())[0]?.data.file).toBe(attachment("shared"));
  expect((await session.history()).map(({ data }) => data.file)).toEqual([attachment("kept")]);
  await store.purge("s");
  expect(filesWith(directory, "kept")).toEqual([]);
  expect(filesWith(directory, "shared").length).toBe(1);
});

test("of a session in the archive, and of one in the trash, nothing is left", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  for (const id of ["packed", "trashed"]) {
    const session = await store.createSession({ id, title: `NEEDLE ${id}` });
    await session.append({ id: "a", text: "NEEDLE", file: attachment("NEEDLE") });
  }
  await store.archive("packed");
  await store.session("packed").history();
  await store.session("trashed").delete();
  expect(filesWith(directory, "NEEDLE").length).toBeGreaterThan(3);
  await store.purge("packed");
  await store.purge("trashed");
  expect(filesWith(directory, "NEEDLE")).toEqual([]);
});

test("what another machine purges goes from this one's archive, when it is heard of", async () => {
  const [mine, theirs] = [stores.unverified(), stores.unverified()];
  const store = await stores.open({ machine: "mine" }, mine);
  const session = await store.createSession({ id: "s" });
  await session.append({ id: "a", text: "NEEDLE", file: attachment("NEEDLE") });
  await session.append({ id: "b" });
  await store.archive("s");
  await store.close();
  cpSync(mine, theirs, { recursive: true });
  rmSync(join(theirs, ".cache"), { recursive: true });
  const other = await stores.open({ machine: "theirs" }, theirs);
  expect(await other.session("s").purge(["a"])).toMatchObject({ heldBy: [store.machine] });
  await other.close();
  cpSync(join(theirs, "sessions", other.machine), join(mine, "sessions", other.machine), { recursive: true });
  const again = await stores.open({ machine: "mine" }, mine);
  await again.page({ limit: 10, all: true });
  await again.close();
  expect(filesWith(mine, "NEEDLE")).toEqual([]);
  expect(existsSync(join(mine, "blobs"))).toBe(true);
});

test("a deletion without trash gives back the attachments, too, at once", async () => {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  for (const id of ["s", "t"]) {
    const session = await store.createSession({ id });
    await session.append({ id: "a", own: attachment(`of ${id}`), both: attachment("shared") });
  }
  await store.session("s").delete({ trash: false });
  expect(filesWith(directory, "of s")).toEqual([]);
  expect(filesWith(directory, "of t").length).toBe(1);
  expect((await store.session("t").history())[0]?.data.both).toBe(attachment("shared"));
});
