// What an import copies as it stands in the source is what it would have made of it: redact() makes it look at every value.
import "./helpers/in-memory.ts";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { cutMember } from "../lib/importers/ready-json.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();
/** The long form is many times as long. */
const LONG_MS = 900_000;

/** Texts as other programs write them: escapes, halves of characters, attachments, names that mean something here. */
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom(
    "$blob",
    "\u2028",
    "\\",
    '"',
    "content",
    "message",
    '"content":[',
    "a".repeat(200),
    "\ud800",
    "__proto__",
  ),
  fc.nat(3).map((n) => Buffer.alloc(30_000 + n, n).toString("base64")),
);
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    text,
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    tie("list"),
    tie("object"),
  ),
  list: fc.array(tie("any"), { maxLength: 4 }),
  object: fc.dictionary(text, tie("any"), { maxKeys: 4 }),
})).any;
const block = fc.oneof(
  fc.record({ type: fc.constant("text"), text }),
  fc.record({ type: fc.constant("tool_use"), input: value }),
  value,
);
const content = fc.oneof(text, fc.array(block, { maxLength: 3 }), value);

/** The same JSON in another spelling. */
const spelling = fc.record({
  blanks: fc.constantFrom("", "", "", " ", "\t"),
  escapes: fc.boolean(),
  twice: fc.constantFrom(undefined, undefined, "content", "message", "type"),
});

function spelled(
  object: object,
  { blanks, escapes, twice }: { blanks: string; escapes: boolean; twice?: string | undefined },
): string {
  let json = blanks === "" ? JSON.stringify(object) : JSON.stringify(object, null, blanks).replaceAll("\n", "");
  if (escapes)
    json = json.replace(/[^\0-~]/g, (unit) => String.raw`\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  // Of two members with one name the last one counts.
  if (twice !== undefined) json = json.replace("{", `{"${twice}":{"content":"first"},`);
  return json;
}

const line = fc.record({
  kind: fc.constantFrom("user", "assistant", "assistant", "system", "progress"),
  answer: fc.constantFrom("one", "two"),
  content,
  extra: fc.dictionary(fc.constantFrom("toolUseResult", "cwd", "note", "isCompactSummary"), value, { maxKeys: 2 }),
  isFirst: fc.boolean(),
  spelling,
});

test(
  "whatever the source says, and however it spells it: copied or made anew, the session is the same",
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 6 }), async (lines) => {
        const path = join(stores.unverified(), "chat.jsonl");
        const written = lines.map(({ kind, answer, content: said, extra, isFirst, spelling: how }, index) => {
          const around = {
            ...extra,
            type: kind,
            sessionId: "chat",
            uuid: `u${index}`,
            timestamp: "2026-01-01T00:00:00.000Z",
          };
          const isSaid = kind === "user" || kind === "assistant";
          const message = {
            role: kind,
            id: answer,
            ...(isFirst ? { content: said, model: "m" } : { usage: { n: 1 }, content: said }),
          };
          return spelled(isSaid ? { ...around, message } : { ...around, said }, how);
        });
        writeFileSync(path, `${written.join("\n")}\n`);
        const copied = await stores.open();
        const made = await stores.open({ redact: (given) => given });
        const reports = [];
        for (const store of [copied, made]) reports.push(await store.importFrom("claude-code", { path }));
        const [one, two] = reports;
        expect([one!.problems, one!.sessions]).toEqual([two!.problems, two!.sessions]);
        if (one!.sessions.length === 0) return;
        const [first, second] = await Promise.all([copied.session("chat").history(), made.session("chat").history()]);
        expect(first).toEqual(second);
        // One store's log is another one's second import.
        expect((await copied.importFrom("claude-code", { path })).sessions).toMatchObject([{ status: "unchanged" }]);
        for (const store of [copied, made]) await store.close();
      }),
      { numRuns: process.env["TURNLOG_LONG"] ? 600 : 40 },
    );
  },
  LONG_MS,
);

test("a member is cut out of a text with what belongs to it, or not at all", () => {
  const inner = fc.dictionary(fc.constantFrom("a", "content", "b", "c"), value, { maxKeys: 4 });
  const outer = fc.dictionary(fc.constantFrom("x", "message", "y"), fc.oneof(value, inner), { maxKeys: 3 });
  let cuts = 0;
  fc.assert(
    fc.property(outer, inner, (around, message) => {
      const given = JSON.stringify({ ...around, message });
      const parsed = JSON.parse(given) as Record<string, Record<string, unknown>>;
      const cut = cutMember(given, parsed, "message", "content");
      if (cut === undefined) return;
      cuts++;
      const { content: said, ...rest } = parsed["message"]!;
      expect(JSON.parse(cut.value)).toEqual(said);
      expect(JSON.parse(cut.rest)).toEqual({ ...parsed, message: rest });
    }),
    { numRuns: 1000 },
  );
  expect(cuts).toBeGreaterThan(100);
});
