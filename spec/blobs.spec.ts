// Attachments: texts that are base64 lie beside the log as the files that they are, once for each content, and come back
// as the very texts that they were.
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadCanonical } from "../lib/line/canonical.ts";
import { isSameData } from "../lib/line/same-data.ts";
import { blobsOf, hashOf, lastData, LOW, PDF, PDF_URL } from "./helpers/attachments.ts";
import { collect, logsOf, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
test("an attachment lies in blobs/ as the file that it is, and its line names it", async () => {
  const store = await stores.open();
  const session = store.session("s", { create: true });
  const message = { id: "m", content: [{ type: "file", url: PDF_URL }, { text: "Read this." }] };
  await session.append(message);
  expect((await session.history()).map(({ data }) => data)).toEqual([message]);
  const [path, ...others] = blobsOf(store);
  expect(others).toEqual([]);
  expect(path).toBe(join(store.path, "blobs", hashOf(PDF).slice(0, 2), `${hashOf(PDF)}.pdf`));
  expect(readFileSync(path!).equals(PDF)).toBe(true);
  expect(statSync(path!).mode & 0o777).toBe(0o600);
  expect(lastData(store).content[0].url).toEqual({
    $blob: `sha256-${hashOf(PDF)}`,
    bytes: PDF.length,
    mime: "application/pdf",
    prefix: "data:application/pdf;name=a%20b.pdf;base64,",
  });
  expect(readFileSync(onlyLog(store.path)).length).toBeLessThan(2000);
});

test("equal attachments are stored once, whatever they are called and whoever writes them", async () => {
  const directory = stores.directory();
  const [a, b] = [await stores.open({}, directory), await stores.open({}, directory)];
  const one = a.session("one", { create: true });
  await one.append([{ url: PDF_URL }, { again: PDF_URL }]);
  await b.session("two", { create: true }).append({ data: PDF.toString("base64"), media_type: "application/pdf" });
  await one.append({ id: "p" });
  await one.putPart("p", { id: "x", data: PDF.toString("base64url") });
  await one.fork({ id: "fork" });
  expect(blobsOf(a)).toHaveLength(1);
  const other = randomBytes(3_000_000).toString("base64");
  await Promise.all([a, b, a].map((store, n) => store.session(`s${n}`, { create: true }).append({ other })));
  expect(blobsOf(a)).toHaveLength(2);
  expect((await a.session("fork").message("p"))?.parts[0]?.data).toEqual({ id: "x", data: PDF.toString("base64url") });
});

test("endings come from the type that is named, or from the first bytes; what is not known has none", async () => {
  const store = await stores.open(LOW);
  const session = store.session("s", { create: true });
  const begun = (...bytes: number[]): string => Buffer.from([...bytes, ...randomBytes(3000)]).toString("base64");
  await session.append([
    { data: begun(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10) },
    { data: begun(0xff, 0xd8, 0xff) },
    { mimeType: "audio/wav", data: begun(1, 2, 3) },
    { data: `data:text/csv;charset=utf-8;base64,${begun(4, 5, 6)}` },
    { mime: "../../x", data: begun(0, 0, 0) },
    { data: `data:x/../../y;base64,${begun(7, 7, 7)}` },
  ]);
  const endings = blobsOf(store).map((path) => /(\.[^/]*)?$/.exec(path)?.[1] ?? "");
  expect(endings.toSorted()).toEqual(["", "", ".csv", ".jpg", ".png", ".wav"]);
});

test("no threshold: everything stays in the log, and what was moved before is still read", async () => {
  const directory = stores.directory();
  const first = await stores.open({}, directory);
  await first.session("s", { create: true }).append({ id: "a", url: PDF_URL });
  const second = await stores.open({ blobThreshold: false }, directory);
  await second.session("s").append({ id: "b", url: PDF_URL.replace("1", "2") });
  expect(blobsOf(first)).toHaveLength(1);
  expect((await second.session("s").history()).map(({ data }) => data.url)).toEqual([
    PDF_URL,
    PDF_URL.replace("1", "2"),
  ]);
});

describe("what changes nothing writes nothing", () => {
  test("an equal message with its attachment, again and by replace(); another attachment is another message", async () => {
    const store = await stores.open();
    const session = store.session("s", { create: true });
    const message = { id: "m", url: PDF_URL };
    await session.append(message);
    const before = readFileSync(onlyLog(store.path));
    await session.append(message);
    await session.putMessage(message);
    await session.replace([message]);
    expect(readFileSync(onlyLog(store.path)).equals(before)).toBe(true);
    await expect(session.append({ id: "m", url: `${PDF_URL}AAAA`.slice(4) })).rejects.toMatchObject({ code: "EXISTS" });
    await session.putMessage({ id: "m", url: PDF.toString("base64") });
    expect((await session.message("m"))?.data.url).toBe(PDF.toString("base64"));
  });

  test("whatever the threshold was when it was written", async () => {
    const directory = stores.directory();
    const message = { id: "m", list: [PDF_URL, { $blob: 1 }] };
    for (const [write, again] of [
      [false, 1024],
      [1024, false],
    ] as const) {
      const store = await stores.open({ blobThreshold: write }, directory);
      const session = store.session(`${write}`, { create: true });
      await session.append(message);
      const other = await stores.open({ blobThreshold: again }, directory);
      const { size } = statSync([...logsOf(directory).keys()].find((path) => path.includes(`/${write}`))!);
      await other.session(`${write}`).append(message);
      await other.session(`${write}`).putMessage(message);
      expect(statSync([...logsOf(directory).keys()].find((path) => path.includes(`/${write}`))!).size).toBe(size);
    }
    await loadCanonical();
    expect(isSameData({ a: PDF_URL }, JSON.stringify({ a: PDF_URL.replace("1", "2") }))).toBe(false);
  });
});

test("redact() sees the text; what it takes out is nowhere", async () => {
  const store = await stores.open({ redact: (value: any) => ({ ...value, url: undefined, had: value.url.length }) });
  const session = store.session("s", { create: true });
  await session.append({ id: "m", url: PDF_URL });
  expect((await session.message("m"))?.data).toEqual({ id: "m", had: PDF_URL.length });
  expect(blobsOf(store)).toEqual([]);
});

test("calls keep their order, and a message longer than a line may be fits when its attachments are out of it", async () => {
  const store = await stores.open({ maxLineBytes: 100_000 });
  const session = store.session("s", { create: true });
  const big = randomBytes(3_000_000).toString("base64");
  await Promise.all([
    session.append({ id: "1", big }),
    session.append({ id: "2" }),
    session.commit((c) => {
      c.append({ id: "3", big: `data:image/png;base64,${big}` });
      c.putPart("3", { id: "p", big });
    }),
    session.append({ id: "4" }),
  ]);
  expect(await collect(session.messageIds())).toEqual(["1", "2", "3", "4"]);
  expect(blobsOf(store)).toHaveLength(1);
  await expect(session.append({ text: `${big} ${big}` })).rejects.toMatchObject({ code: "LINE_TOO_LONG" });
  await expect(session.append({ big, text: "x y ".repeat(30_000) })).rejects.toMatchObject({ code: "LINE_TOO_LONG" });
  const message = { id: "5", list: [big] };
  const appended = session.append(message);
  message.list[0] = "changed after the call";
  await appended;
  expect((await session.message("5"))?.data).toEqual({ id: "5", list: [big] });
});

test("an import moves attachments out, a dry run moves nothing, and a second import adds nothing", async () => {
  const source = stores.unverified();
  const line = (url: string): string => `${JSON.stringify({ role: "user", content: [{ url }] })}\n`;
  writeFileSync(join(source, "chat.jsonl"), line(PDF_URL));
  const directory = stores.directory();
  // Taken over first by a store that left it in the log.
  const old = await stores.open({ blobThreshold: false }, directory);
  await old.importFrom("picoclaw", { path: source });
  const store = await stores.open({}, directory);
  expect((await store.importFrom("picoclaw", { path: source })).sessions).toMatchObject([{ added: 0 }]);
  writeFileSync(join(source, "chat.jsonl"), line(PDF_URL) + line(PDF.toString("base64")));
  await store.importFrom("picoclaw", { path: source, dryRun: true });
  expect(blobsOf(store)).toEqual([]);
  for (const added of [1, 0])
    expect((await store.importFrom("picoclaw", { path: source })).sessions).toMatchObject([{ added }]);
  expect(readdirSync(join(directory, "blobs"))).toHaveLength(1);
});
