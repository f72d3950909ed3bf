// Parts that grow: putPart() with `final: false`.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Session, Store, StoreWarning } from "../lib/index.ts";
import { onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
const MORE = { final: false };

interface Opened {
  store: Store<any, any>;
  session: Session<any, any>;
  lines(): number;
}

async function open(): Promise<Opened> {
  const directory = stores.directory();
  const store = await stores.open({}, directory);
  const session = store.session("s", { create: true });
  await session.append({ id: "m" });
  const lines = (): number => readFileSync(onlyLog(directory), "utf8").split('"type":"part"').length - 1;
  return { store, session, lines };
}

const textOf = async (session: Session<any, any>): Promise<unknown> =>
  (await session.message("m"))?.parts[0]?.data.text;

describe("a part that grows", () => {
  test("costs its first and its last version, and what is asked for it in between", async () => {
    const { session, lines } = await open();
    let text = "";
    for (let n = 0; n < 500; n++) {
      text += ` ${n}`;
      const receipt = await session.putPart("m", { id: "p", text }, MORE);
      expect(receipt.id).toBe("p");
    }
    expect(lines()).toBeLessThan(10);
    expect(await textOf(session)).toBe(text);
    const read = lines();
    for (let n = 0; n < 500; n++) await session.putPart("m", { id: "p", text: `${text} ${n}` }, MORE);
    await session.putPart("m", { id: "p", text: "all of it" }, { final: true });
    expect(lines()).toBeLessThan(read + 10);
    expect(await textOf(session)).toBe("all of it");
  });

  test("keeps the place and the receipt of its first version", async () => {
    const { session } = await open();
    const receipts = await Promise.all(["a", "b", "c"].map((text) => session.putPart("m", { id: "p", text }, MORE)));
    expect(new Set(receipts.map(({ at }) => at)).size).toBe(1);
    expect(await session.putPart("m", { id: "p", text: "d" })).toEqual(receipts[0]);
    expect(await textOf(session)).toBe("d");
  });

  test("is written within a moment, though nobody asks", async () => {
    const { session, lines } = await open();
    for (const text of ["a", "b"]) await session.putPart("m", { id: "p", text }, MORE);
    expect(lines()).toBe(1);
    while (lines() < 2) await sleep(10);
    await session.putPart("m", { id: "p", text: "c" }, MORE);
    expect(await textOf(session)).toBe("c");
  });

  test("is written when it has grown by much", async () => {
    const { session, lines } = await open();
    await session.putPart("m", { id: "p", text: "" }, MORE);
    await session.putPart("m", { id: "p", text: "a word ".repeat(8_000) }, MORE);
    expect(lines()).toBe(1);
    await session.putPart("m", { id: "p", text: "a word ".repeat(10_000) }, MORE);
    expect(lines()).toBe(2);
  });

  test("comes before all that is asked of the session next", async () => {
    const { session } = await open();
    for (const text of ["a", "b"]) await session.putPart("m", { id: "p", text }, MORE);
    await session.append({ id: "n" });
    for (const text of ["c", "d"]) await session.putPart("m", { id: "p", text }, MORE);
    await session.remove("m");
    expect((await session.history()).map(({ id }) => id)).toEqual(["n"]);
  });

  test("is whole after close()", async () => {
    const { store, session } = await open();
    for (const text of ["a", "b", "c"]) await session.putPart("m", { id: "p", text }, MORE);
    await store.close();
    const again = await stores.open({}, store.path);
    expect(await textOf(again.session("s"))).toBe("c");
  });

  test("several grow at once, each with its own", async () => {
    const { session } = await open();
    for (let n = 0; n < 50; n++)
      for (const id of ["p", "q"]) await session.putPart("m", { id, text: `${id} ${n}` }, MORE);
    expect((await session.message("m"))?.parts.map(({ data }) => data)).toEqual([
      { id: "p", text: "p 49" },
      { id: "q", text: "q 49" },
    ]);
  });

  test("what could not be written is told, and thrown by the next call", async () => {
    const { store, session } = await open();
    const warnings: StoreWarning[] = [];
    store.on("warning", (warning) => void warnings.push(warning));
    await expect(session.putPart("none", { id: "p" }, MORE)).rejects.toMatchObject({ code: "NOT_FOUND" });
    for (const text of ["a", "b"]) await session.putPart("m", { id: "p", text }, MORE);
    // Another handle's call writes "b" first; then the message is gone.
    await store.session("s").remove("m");
    await session.putPart("m", { id: "p", text: "c" }, MORE);
    await session.count();
    await sleep(0);
    expect(warnings).toMatchObject([{ code: "lost", session: "s" }]);
    await expect(session.putPart("m", { id: "p", text: "d" }, MORE)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("needs an id of its own", async () => {
    const { session } = await open();
    await expect(session.putPart("m", { text: "a" }, MORE)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
