// A document for people: its structure is its own, whatever the messages say, and code in them stays what it is.
import "./helpers/in-memory.ts";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Store } from "../lib/index.ts";
import { eachHostileSession } from "./helpers/hostile.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();

async function documentOf(store: Store<any, any>, id: string): Promise<string> {
  const path = join(stores.unverified(), "session.md");
  await store.exportTo(path, { format: "markdown", ids: [id] });
  return readFileSync(path, "utf8");
}

interface Line {
  text: string;
  isCode: boolean;
}

/** Which lines are code, by the fences alone: each begins its line, and ends with a run of the same length. */
function linesOf(markdown: string): Line[] {
  let fence = "";
  return markdown.split("\n").map((text) => {
    const [, mark] = /^(`{3,})(?:[\w+#.-]*)$/.exec(text) ?? [];
    if (fence === "" && mark === undefined) return { text, isCode: false };
    if (fence === "") fence = mark as string;
    else if (/^ {0,3}`{3,}[ \t]*$/.test(text) && text.trim().length >= fence.length) fence = "";
    return { text, isCode: true };
  });
}

/** A line with a blank for each escape and piece of code, so that what stood apart stays apart; runs of backticks that have no other half are an error, since the next line could have it. */
function bare(line: string): string {
  let out = "";
  for (let at = 0; at < line.length;) {
    if (line[at] === "\\" && /[!-/:-@[-`{-~]/.test(line[at + 1] ?? "")) {
      out += " ";
      at += 2;
    } else if (line[at] === "`") {
      const [run] = /^`+/.exec(line.slice(at))!;
      const close = [...line.slice(at + run.length).matchAll(/`+/g)].find(([each]) => each.length === run.length);
      if (close === undefined) throw new Error(`a run of backticks is left open in ${line}`);
      const code = line.slice(at, at + run.length + close.index + run.length);
      // A cell of a table can end within it.
      out += line.includes("|") ? code.replaceAll("`", "") : " ";
      at += code.length;
    } else out += line[at++];
  }
  return out;
}

const OWN = /^(?:<details>|<\/details>|<summary>[\w ]+(?: <code>(?:[^&<>]|&#\d+;)*<\/code>)?<\/summary>)$/;
const LINK = /: <https?:\/\/[^\s<>]+>$/;

function expectSound(markdown: string, messages: number): void {
  // The summary is quoted.
  const begin = markdown.search(/^## /m);
  const lines = linesOf(markdown.slice(0, begin).replace(/^> ?/gm, "") + markdown.slice(begin));
  let depth = 0;
  let headings = 0;
  let isText = false;
  for (const { text, isCode } of lines) {
    if (isCode) {
      isText = false;
      continue;
    }
    if (OWN.test(text)) {
      depth += text === "<details>" ? 1 : text === "</details>" ? -1 : 0;
      expect(depth).toBeGreaterThanOrEqual(0);
      continue;
    }
    expect(/[<]|!\[/.exec(bare(text.replace(LINK, ""))), text).toBeNull();
    if (/^ {0,3}##?(?:[ \t]|$)/.test(text)) {
      expect(depth).toBe(0);
      expect(text).toMatch(headings === 0 ? /^# ./ : /^## .* · \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
      headings++;
    }
    if (isText) expect(text).not.toMatch(/^ {0,3}(?:=+|-+)[ \t]*$/);
    isText = text.trim() !== "";
  }
  expect([headings, depth, lines.at(-1)]).toEqual([messages + 1, 0, { text: "", isCode: false }]);
  // oxlint-disable-next-line no-control-regex -- they are what it looks for
  expect(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.exec(markdown)).toBeNull();
}

test("no title, message, tool or file breaks out of its place", async () => {
  await eachHostileSession(stores, async (store, id, messages) => {
    expectSound(await documentOf(store, id), messages);
  });
});

test("a picture after an exclamation mark shows as none", async () => {
  const store = await stores.open();
  const session = await store.createSession({ title: "t" });
  await session.append({ role: "user", content: "!![x](https://example.org/pixel.png)" });
  const markdown = await documentOf(store, session.id);
  expect(markdown).toContain("!\\![x](https://example.org/pixel.png)");
  expectSound(markdown, 1);
});

test("a picture in code shows as none where a table's cell can end within the code", async () => {
  const store = await stores.open();
  const session = await store.createSession({ title: "t" });
  await session.append({ role: "assistant", content: "``![x](https://example.org/pixel.png)``|" });
  expectSound(await documentOf(store, session.id), 1);
});

test("code in a fence stays as it is, whatever it holds", async () => {
  const line = fc.oneof(
    fc.constantFrom(
      "```",
      "````ts",
      "~~~",
      "# no heading",
      "<b>",
      "</details>",
      "\\`",
      "    deep",
      "",
      "| `a | <i>` |",
    ),
    fc.string({ maxLength: 8 }).filter((text) => !/[\r\n]/.test(text)),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { minLength: 1, maxLength: 6 }),
      fc.constantFrom("", "  ", "    "),
      async (code, indent) => {
        // The fence that the message's author chose is longer than any in it.
        const text = `before\n${indent}\`\`\`\`\`ts\n${code.map((each) => indent + each).join("\n")}\n${indent}\`\`\`\`\`\nafter`;
        const store = await stores.open();
        const session = await store.createSession({ title: "t" });
        await session.append({ role: "assistant", content: text });
        const lines = linesOf(await documentOf(store, session.id));
        const shown = lines.filter(({ isCode }) => isCode).map((each) => each.text);
        expect(shown.slice(1, -1)).toEqual(code);
        expect(shown[0]).toMatch(/^`{3,}ts$/);
        expect(lines.map((each) => each.text)).toEqual(expect.arrayContaining(["before", "after"]));
        await store.close();
      },
    ),
    { numRuns: process.env["TURNLOG_LONG"] ? 500 : 40 },
  );
});

test("a session is its title, what is known of it, and its messages; what tools did is folded", async () => {
  const store = await stores.open();
  const session = await store.createSession({
    id: "s",
    title: "Fix *it*",
    project: "acme",
    tags: ["a", "b"],
    summary: "Two\n\nparagraphs",
  });
  await session.append([
    { role: "user", content: "# Please\nrun `a < b` and <b>tell</b>" },
    {
      role: "assistant",
      content: [
        { type: "text", text: "I do.\n\n1. First\n   ```sh\n   ls <dir>\n   ```" },
        { type: "tool_use", id: "c", name: "Bash", input: { command: "ls" } },
      ],
    },
    { role: "user", content: [{ type: "tool_result", tool_use_id: "c", content: "a\nb\n" }] },
    {
      role: "user",
      content: [{ type: "file", filename: "a.pdf", mediaType: "application/pdf", url: "https://example.org/a.pdf" }],
    },
  ]);
  const { createdAt, updatedAt } = await session.info();
  const time = (at: string): string => `${at.slice(0, 10)} ${at.slice(11, 19)}`;
  const at = (await session.history()).map((entry) => time(entry.at));
  expect(await documentOf(store, "s")).toBe(`# Fix \\*it\\*

- Session: s
- Project: acme
- Tags: a, b
- Begun: ${time(createdAt)} UTC
- Last written: ${time(updatedAt)} UTC
- Messages: 4

> Two
> 
> paragraphs

## User · ${at[0]}

### Please
run \`a < b\` and &lt;b>tell&lt;/b>

## Assistant · ${at[1]}

I do.

1. First
\`\`\`sh
ls <dir>
\`\`\`

<details>
<summary>Tool call <code>Bash</code></summary>

\`\`\`json
{
  "command": "ls"
}
\`\`\`

</details>

## Tool · ${at[2]}

<details>
<summary>Tool result</summary>

\`\`\`text
a
b
\`\`\`

</details>

## User · ${at[3]}

*File a.pdf* (application/pdf): <https://example.org/a.pdf>
`);
});

test("a file takes all sessions, a directory a file for each", async () => {
  const store = await stores.open();
  for (const id of ["one", "two"])
    await (await store.createSession({ id, title: id })).append({ role: "user", content: id });
  const directory = stores.unverified();
  await store.exportTo(join(directory, "all.md"), { format: "markdown", ids: ["one", "two"] });
  const all = readFileSync(join(directory, "all.md"), "utf8");
  await store.exportTo(join(directory, "each"), { format: "markdown" });
  expect(readdirSync(join(directory, "each")).toSorted()).toEqual(["one.md", "two.md"]);
  expect(all).toBe(["one.md", "two.md"].map((name) => readFileSync(join(directory, "each", name), "utf8")).join("\n"));
});
