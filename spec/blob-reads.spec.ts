// What reads give of attachments: the text, the reference, the file; and what they give where it is missing.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { BlobReference, Store } from "../lib/index.ts";
import { blobsOf, lastData, PDF, PDF_URL } from "./helpers/attachments.ts";
import { collect, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
function lastReference(store: Store<any, any>): BlobReference {
  const lines = readFileSync(onlyLog(store.path), "utf8").trimEnd().split("\n");
  return JSON.parse(lines.find((line) => line.includes("$blob"))!).data.url;
}

describe("reads", () => {
  test("give the reference on request, everywhere, and the store opens and streams it", async () => {
    const store = await stores.open();
    const session = store.session("s", { create: true });
    const changes = session.follow({ from: "2000-01-01T00:00:00.000Z-0000-aaaaaaaa", blobs: "reference" });
    await session.append({ id: "m", url: PDF_URL });
    await session.putPart("m", { id: "p", url: PDF_URL });
    const blobs = "reference";
    const reference = lastData(store).url as BlobReference;
    const [entry] = await session.history({ blobs });
    expect([entry?.data.url, entry?.parts[0]?.data.url]).toEqual([reference, reference]);
    expect(await collect(session.messages({ blobs, reverse: true }))).toEqual([entry]);
    expect((await session.page({ limit: 1, blobs })).items).toEqual([entry]);
    expect(await session.message("m", { blobs })).toEqual(entry);
    expect(await collect(session.parts("m", { blobs }))).toEqual(entry?.parts);
    for await (const change of changes) {
      if (change.kind !== "message") continue;
      expect(change.entry).toEqual(entry);
      break;
    }
    const blob = await store.blob(reference);
    expect(blob).toMatchObject({ path: blobsOf(store)[0], bytes: PDF.length, mime: "application/pdf" });
    expect(Buffer.from(await blob!.read()).equals(PDF)).toBe(true);
    expect(Buffer.concat(await collect(blob!.stream())).equals(PDF)).toBe(true);
    await expect(store.blob({ $blob: "sha256-", bytes: 1 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(session.history({ blobs: "none" as never })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  test("a reference that is handed back is written as it was read", async () => {
    const store = await stores.open();
    const session = store.session("s", { create: true });
    await session.append({ id: "m", url: PDF_URL });
    const entry = await session.message("m", { blobs: "reference" });
    await session.putMessage({ ...entry?.data, note: "seen" });
    expect((await session.message("m"))?.data).toEqual({ id: "m", url: PDF_URL, note: "seen" });
  });

  test("one that is missing or wrong makes nothing unreadable: its reference is there, flagged and told, and comes back", async () => {
    const store = await stores.open({}, stores.unverified());
    const warnings: string[] = [];
    store.on("warning", ({ code }) => warnings.push(code));
    const session = store.session("s", { create: true });
    await session.append([
      { id: "a", url: PDF_URL },
      { id: "b", text: "fine" },
    ]);
    const [path] = blobsOf(store) as [string];
    const reference = lastReference(store);
    rmSync(path);
    expect(await session.history()).toMatchObject([
      { id: "a", data: { id: "a", url: reference }, missing: true },
      { id: "b", data: { id: "b", text: "fine" } },
    ]);
    expect(await store.blob(reference)).toBeUndefined();
    for (const content of [PDF.subarray(1), Buffer.from(PDF).fill(0, 100, 101)]) {
      writeFileSync(path, content);
      expect((await session.page({ limit: 5 })).items[0]).toMatchObject({ data: { url: reference }, missing: true });
    }
    await expect(store.blob(reference).then((blob) => blob?.read())).rejects.toMatchObject({ code: "DAMAGED" });
    // What was read in place of it is still that attachment.
    await session.putMessage({ ...(await session.message("a"))?.data, note: 1 });
    expect(warnings.filter((code) => code.startsWith("blob"))).toEqual(["blob-missing", "blob-wrong"]);
    writeFileSync(path, PDF);
    expect((await session.message("a"))?.data).toEqual({ id: "a", url: PDF_URL, note: 1 });
    // A file of another size is replaced by whoever has the content.
    writeFileSync(path, "half");
    await session.append({ url: PDF_URL });
    expect(readFileSync(path).equals(PDF)).toBe(true);
  });

  test("titles, searches and forks live with references", async () => {
    const store = await stores.open({ redact: (value) => value });
    const session = store.session("s", { create: true });
    await session.append({ role: "user", content: [PDF_URL, { text: "What does the treaty say?" }] });
    expect((await store.searchTitles("treaty")).map(({ id }) => id)).toEqual(["s"]);
    expect(await collect(store.searchMessages("treaty"))).toHaveLength(1);
    expect(await collect(store.searchMessages("application/pdf"))).toEqual([]);
    expect(await collect(store.searchMessages("sha256"))).toEqual([]);
    const fork = await session.fork();
    expect((await fork.history())[0]?.data).toEqual((await session.history())[0]?.data);
    expect(blobsOf(store)).toHaveLength(1);
  });
});
