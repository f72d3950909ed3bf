// Attachments: texts that are base64 lie beside the log as the files that they are, once for each content, and come back
// as the very texts that they were.
import { createHash, randomBytes } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openMemoryStore } from "../lib/index.ts";
import type { BlobReference, Store } from "../lib/index.ts";
import { isSameData } from "../lib/line/same-data.ts";
import { loadCanonical } from "../lib/line/canonical.ts";
import { collect, filesIn, logsOf, onlyLog, useStores } from "./helpers/stores.ts";

const stores = useStores();
const LOW = { blobThreshold: 1024 };
/** A file that is a PDF as far as anybody looks. */
const PDF = Buffer.concat([Buffer.from("%PDF-1.7\n"), randomBytes(50_000), Buffer.from("\n%%EOF\n")]);
const PDF_URL = `data:application/pdf;name=a%20b.pdf;base64,${PDF.toString("base64")}`;

function hashOf(content: Buffer | string): string {
  return createHash("sha256").update(content).digest("hex");
}

function blobsOf({ path }: Store<any, any>): string[] {
  return filesIn(join(path, "blobs"));
}

/** The data of the log's last line, as it lies there. */
function lastData(store: Store<any, any>): any {
  return JSON.parse(readFileSync(onlyLog(store.path), "utf8").trimEnd().split("\n").at(-1)!).data;
}

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

/** Every form that base64 has: with another prefix, alphabet, padding. */
const forms = fc.record({
  content: fc.uint8Array({ minLength: 780, maxLength: 4000, size: "max" }),
  prefix: fc.constantFrom("", "data:image/png;base64,", "data:;base64,", "data:a/b;x=y;base64,", "DATA:text/plain;BASE64,"),
  isUrlSafe: fc.boolean(),
  isPadded: fc.boolean(),
});

function textOf({ content, prefix, isUrlSafe, isPadded }: (typeof forms)["value" & never] | any): string {
  let text = Buffer.from(content).toString("base64");
  if (isUrlSafe) text = text.replaceAll("+", "-").replaceAll("/", "_");
  return prefix + (isPadded ? text : text.replace(/=+$/, ""));
}

describe("the very text comes back", () => {
  test("of base64 in every form, of what is nearly base64, and of what is none", async () => {
    const store = await openMemoryStore<any>(LOW);
    const session = store.session("s", { create: true });
    const near = fc.tuple(forms, fc.nat(), fc.constantFrom("\n", " ", "=", "-", "+", "_", "/", "%", "é", "\ud800", ".")).map(
      ([form, at, odd]) => {
        const text = textOf(form);
        const place = at % text.length;
        return text.slice(0, place) + odd + text.slice(place + 1);
      },
    );
    const tail = fc.tuple(forms, fc.constantFrom("=", "==", "A", "AB", "\n", " ")).map(([form, end]) => textOf(form) + end);
    const value = fc.oneof(forms.map(textOf), near, tail, fc.string({ minLength: 1000, maxLength: 1100 }));
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 3 }), fc.boolean(), async (texts, isNested) => {
        const { id } = await session.append(isNested ? { a: [{ b: texts }] } : { texts });
        const entry = await session.message(id);
        const expected = texts.map((text) => text.toWellFormed());
        expect(entry?.data).toEqual(isNested ? { a: [{ b: expected }] } : { texts: expected });
        expect(entry?.missing).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  test("of long ones, whatever is at the seams of the pieces that they are read in", async () => {
    const store = await openMemoryStore<any>();
    const session = store.session("s", { create: true });
    for (const length of [196_607, 196_608, 196_609, 786_431, 786_432, 786_433, 2_000_000]) {
      const content = randomBytes(length);
      // One alphabet from the first piece to the last, and a change of it in the last one.
      const plain = Buffer.alloc(length, 105).toString("base64");
      const texts = [
        content.toString("base64"),
        content.toString("base64url"),
        `${plain.slice(0, -8)}+-${plain.slice(-6)}`,
        `${plain.slice(0, 262_144)}\n${plain.slice(262_144)}`,
      ];
      const { id } = await session.append({ texts });
      const data = (await session.message(id))?.data.texts as string[];
      expect(data.map((text, n) => text === texts[n])).toEqual([true, true, true, true]);
      const stored = (await session.message(id, { blobs: "reference" }))?.data.texts as unknown[];
      expect(stored.map((each) => typeof each)).toEqual(["object", "object", "string", "string"]);
    }
  });

  test("and text stays in the log, where people find it", async () => {
    const store = await stores.open(LOW);
    const session = store.session("s", { create: true });
    const texts = [
      "a line of output\n".repeat(400),
      "x".repeat(5000),
      "deadbeef".repeat(500),
      "A".repeat(5000),
      PDF.toString("base64").replaceAll(/.{76}/g, "$&\n"),
      PDF.toString("hex"),
      `data:text/plain,${"y".repeat(3000)}`,
      randomBytes(760).toString("base64").slice(0, 1024),
    ];
    await session.append({ texts });
    expect(blobsOf(store)).toEqual([]);
    expect(lastData(store)).toEqual({ texts });
  });
});

test("no threshold: everything stays in the log, and what was moved before is still read", async () => {
  const directory = stores.directory();
  const first = await stores.open({}, directory);
  await first.session("s", { create: true }).append({ id: "a", url: PDF_URL });
  const second = await stores.open({ blobThreshold: false }, directory);
  await second.session("s").append({ id: "b", url: PDF_URL.replace("1", "2") });
  expect(blobsOf(first)).toHaveLength(1);
  expect((await second.session("s").history()).map(({ data }) => data.url)).toEqual([PDF_URL, PDF_URL.replace("1", "2")]);
});

describe("a caller's own object with the key $blob", () => {
  const own: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<unknown>(null, 1, "escaped", `sha256-${hashOf("x")}`, "text"),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom("$blob", "value", "bytes", "mime", "__proto__", "a"), tie("value"), { maxKeys: 3 }),
      fc.constant({ $blob: `sha256-${hashOf("x")}`, bytes: 1 }),
      fc.constant({ $blob: "escaped", value: { $blob: 1 } }),
    ),
  })).value;

  test("comes back as it was", async () => {
    const store = await openMemoryStore<any>();
    const session = store.session("s", { create: true });
    await fc.assert(
      fc.asyncProperty(own, async (value) => {
        const { id } = await session.append({ value });
        const text = JSON.stringify((await session.message(id))?.data);
        expect(text).toBe(JSON.stringify({ value }));
        expect(JSON.stringify((await session.message(id, { blobs: "reference" }))?.data)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  test("beside an attachment, and as the whole message", async () => {
    const store = await stores.open();
    const session = store.session("s", { create: true });
    const messages = [{ $blob: 1, id: "a", url: PDF_URL }, { id: "b", $blob: { $blob: PDF_URL } }];
    await session.append(messages);
    expect((await session.history()).map(({ id, data }) => ({ id, data }))).toEqual(
      messages.map((data) => ({ id: data.id, data })),
    );
  });

  test("in a line that was written before there were attachments is the caller's", async () => {
    const store = await stores.open();
    const data = [{ $blob: "mine" }, { $blob: `sha256-${hashOf("x")}` }, { $blob: `sha256-${hashOf("x")}`, bytes: 1, and: 2 }];
    await store.createSession({ id: "s" });
    const log = readFileSync(onlyLog(store.path), "utf8");
    const at = JSON.parse(log.split("\n")[0]!).at.replace("-0000-", "-0001-");
    writeFileSync(onlyLog(store.path), `${log}${JSON.stringify({ at, type: "message", data: { data } })}\n`);
    await store.refresh();
    expect((await store.session("s").history())[0]?.data).toEqual({ data });
  });
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
    for (const [write, again] of [[false, 1024], [1024, false]] as const) {
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
    await session.append([{ id: "a", url: PDF_URL }, { id: "b", text: "fine" }]);
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

function lastReference(store: Store<any, any>): BlobReference {
  const lines = readFileSync(onlyLog(store.path), "utf8").trimEnd().split("\n");
  return JSON.parse(lines.find((line) => line.includes("$blob"))!).data.url;
}

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
