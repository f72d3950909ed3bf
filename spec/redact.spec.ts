// redact() sees every message and part before it is written.
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RedactContext, StoreOptions } from "../lib/index.ts";
import { logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();
const FIXTURE = new URL("../fixtures/import/picoclaw", import.meta.url).pathname;

interface Message {
  id?: string;
  text: string;
}

/** Takes the word "secret" out of texts, wherever they stand. */
function redacting(seen: RedactContext[] = []): StoreOptions {
  return {
    redact(value: object, context: RedactContext): object {
      seen.push(context);
      return JSON.parse(JSON.stringify(value).replaceAll("secret", "[x]")) as object;
    },
  };
}

test("by every verb that writes messages or parts, and is told of which session and kind", async () => {
  const seen: RedactContext[] = [];
  const directory = stores.directory();
  const store = await stores.open<Message>(redacting(seen), directory);
  const session = store.session("s", { create: true });
  await session.append({ id: "m1", text: "a secret" });
  await session.append([{ text: "b secret" }, { text: "c secret" }]);
  await session.putMessage({ id: "m1", text: "d secret" });
  await session.putPart("m1", { id: "p", text: "e secret" });
  await session.commit((commit) => {
    const [id] = commit.append({ text: "f secret" });
    commit.putMessage({ id: "m1", text: "g secret" });
    commit.putPart(id!, { text: "h secret" });
  });
  const of = (kind: "message" | "part"): RedactContext => ({ session: "s", kind });
  expect(seen).toEqual([
    ...Array.from({ length: 4 }, () => of("message")),
    of("part"),
    of("message"),
    of("message"),
    of("part"),
  ]);
  await session.replace([{ id: "m1", text: "g secret" }, { text: "i secret" }]);
  expect((await session.history()).map(({ data }) => data.text)).toEqual(["g [x]", "i [x]"]);
  expect([...logsOf(directory).values()].join("")).not.toContain("secret");
});

test("what is copied and what comes from elsewhere, too; a second import adds nothing", async () => {
  const directory = stores.directory();
  const plain = await stores.open<Message>({}, directory);
  const session = plain.session("s", { create: true });
  await session.append({ id: "m1", text: "a secret" });
  await session.putPart("m1", { text: "b secret" });
  await plain.close();
  const store = await stores.open<Message>(redacting(), directory);
  const fork = await store.session("s").fork({ id: "copy" });
  const [copy] = await fork.history();
  expect([copy!.id, copy!.data.text, copy!.parts[0]!.data.text]).toEqual(["m1", "a [x]", "b [x]"]);

  const into = join(stores.directory(), "imported");
  const hidden = await stores.open({ redact: (value) => ({ ...value, content: "[x]" }) }, into);
  const first = await hidden.importFrom("picoclaw", { path: FIXTURE });
  expect(first.sessions.some(({ added }) => added > 0)).toBe(true);
  for await (const id of hidden.ids()) {
    for (const { data } of await hidden.session(id).history()) expect(data.content).toBe("[x]");
  }
  const before = logsOf(into);
  const second = await hidden.importFrom("picoclaw", { path: FIXTURE });
  expect(second.sessions.map(({ added }) => added).filter((added) => added > 0)).toEqual([]);
  expect(logsOf(into)).toEqual(before);
});

test("what it throws reaches the caller, and nothing is written", async () => {
  const directory = stores.directory();
  const refusal = new Error("no cards here");
  const store = await stores.open<Message>(
    {
      redact(value: object): object {
        if (JSON.stringify(value).includes("4111")) throw refusal;
        return value;
      },
    },
    directory,
  );
  const session = store.session("s", { create: true });
  await session.append({ id: "m1", text: "fine" });
  const before = logsOf(directory);
  const bad = { text: "4111 1111" };
  await expect(session.append(bad)).rejects.toBe(refusal);
  await expect(session.append([{ text: "fine" }, bad])).rejects.toBe(refusal);
  await expect(session.putPart("m1", bad)).rejects.toBe(refusal);
  await expect(session.replace([bad])).rejects.toBe(refusal);
  await expect(session.commit((commit) => void commit.append(bad))).rejects.toBe(refusal);
  expect(logsOf(directory)).toEqual(before);
  await session.append({ text: "fine" });
  expect(await session.count()).toBe(2);
});

test.each<[string, any, string]>([
  ["a promise", async (value: object) => value, "INVALID_ARGUMENT"],
  ["nothing", () => undefined, "INVALID_MESSAGE"],
  ["a list", () => [], "INVALID_MESSAGE"],
  ["an id that is none", (value: object) => ({ ...value, id: "" }), "INVALID_ID"],
])("%s in a message's place is a TypeError", async (_, redact, code) => {
  const store = await stores.open({ redact });
  await expect(store.session("s", { create: true }).append({ id: "m", n: 1 })).rejects.toThrow(
    expect.objectContaining({ name: "TypeError", code }),
  );
});
