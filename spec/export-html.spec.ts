// A page for people: whatever the messages say, it is text there, and nothing of it runs, loads or styles.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import type { Store } from "../lib/index.ts";
import { eachHostileSession } from "./helpers/hostile.ts";
import { isThere } from "./helpers/processes.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();
const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

async function pageOf(store: Store<any, any>, id: string): Promise<string> {
  const path = join(stores.unverified(), "page.html");
  expect((await store.exportTo(path, { format: "html", ids: [id] })).sessions).toBe(1);
  return readFileSync(path, "utf8");
}

/** All tags that a page may have, with all that may stand in each. */
const TAG =
  /^\/?(?:!doctype html|html|head|body|main|title|style|h1|h2|nav|ol|li|p|a|bdi|div|span|header|article|time|details|summary|code|pre|strong|hr|figure|figcaption|img|table|tr|th|td|meta)((?: [a-z-]+="[^"<>]*")*)$/;
const VALUES: Readonly<Record<string, RegExp>> = {
  class: /^[a-z0-9 ]+$/,
  id: /^(?:m\d+|top|prompts)$/,
  dir: /^(?:auto|ltr)$/,
  href: /^(?:#(?:m\d+|top)|https?:\/\/[^\s"'<>]+|[a-z0-9_~.-]+\.html)$/,
  src: /^data:image\/(?:png|jpeg|gif|webp|avif);base64,[A-Za-z0-9+/]*={0,2}$/,
  rel: /^noopener noreferrer nofollow$/,
  loading: /^lazy$/,
  decoding: /^async$/,
  datetime: /^[\dTZ:.-]+$/,
  title: /./,
  alt: /^/,
  "data-language": /^[\w+#.-]+$/,
  "aria-hidden": /^true$/,
  "aria-labelledby": /^prompts$/,
  tabindex: /^-1$/,
  charset: /^utf-8$/,
  "http-equiv": /^Content-Security-Policy$/,
  name: /^(?:referrer|viewport|color-scheme)$/,
  content: /^/,
};

/** No `<` of a page is anybody's but the page's own. */
function expectSafe(page: string): void {
  const [, style = ""] = /<style>([^]*?)<\/style>/.exec(page)!;
  expect(page.split("<style").length).toBe(2);
  const hash = createHash("sha256").update(style).digest("base64");
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'`;
  expect(/<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(page)![1]).toBe(policy);
  expect(page.indexOf("Content-Security-Policy")).toBeLessThan(page.indexOf("<title>"));
  const rest = page.replace(`<style>${style}</style>`, "");
  const open: string[] = [];
  for (const [found, inner] of rest.matchAll(/<([^>]*)>?/g)) {
    const [, attributes] = TAG.exec(inner as string) ?? [];
    if (attributes === undefined || !found.endsWith(">")) throw new Error(`${found} is no tag of the page`);
    for (const [, key, value] of attributes.matchAll(/([a-z-]+)="([^"]*)"/g))
      expect(value, `${key} in ${found}`).toMatch(VALUES[key as string] ?? /^never$/);
    const name = /[a-z0-9]+/.exec(inner as string)![0];
    if (/^(?:meta|img|hr|doctype)$/.test(name)) continue;
    if (found.startsWith("</")) expect(open.pop(), found).toBe(name);
    else open.push(name);
  }
  expect(open).toEqual([]);
  // oxlint-disable-next-line no-control-regex -- they are what it looks for
  expect(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/.exec(page)).toBeNull();
}

test("nothing of a title, an id, a message or a file is markup, whatever it is", async () => {
  await eachHostileSession(stores, async (store, id) => {
    expectSafe(await pageOf(store, id));
    const path = stores.unverified();
    await store.exportTo(path, { format: "html" });
    expectSafe(readFileSync(join(path, "index.html"), "utf8"));
  });
});

/** What a browser made of a page: its title at the end is what any script of it would change. */
function dumped(page: string): string {
  const directory = stores.unverified();
  const path = join(directory, "page.html");
  writeFileSync(path, page);
  const options = ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${join(directory, "profile")}`];
  const { stdout } = spawnSync(
    "chromium",
    [...options, "--virtual-time-budget=2000", "--dump-dom", pathToFileURL(path).href],
    { encoding: "utf8", timeout: 60_000 },
  );
  return stdout;
}

test.skipIf(!isThere("chromium"))(
  "in a browser nothing runs, even where a text were markup",
  async () => {
    const store = await stores.open();
    const evil =
      "</title></style><script>document.title='PWNED'</script><img src=x onerror=\"document.title='PWNED'\"><svg onload=\"document.title='PWNED'\">";
    const session = await store.createSession({ title: `calm ${evil}`, summary: evil });
    await session.append([
      { role: evil, content: `${evil}\n\`\`\`"${evil}\n${evil}` },
      { role: "assistant", content: [{ type: "tool_use", name: evil, input: { [evil]: evil } }] },
    ]);
    const page = await pageOf(store, session.id);
    const title = (html: string): string => /<title>([^]*?)<\/title>/.exec(html)?.[1] ?? "";
    expect(title(dumped(page))).toMatch(/^calm &lt;\/title&gt;/);
    const broken = page.replace(
      "<main>",
      `<main>${evil}<iframe srcdoc="<script>parent.document.title='PWNED'</script>"></iframe>`,
    );
    expect(title(dumped(broken))).toMatch(/^calm /);
    // The look is not blind: without the policy it would have run.
    expect(title(dumped(broken.replace("Content-Security-Policy", "X-Nothing")))).toBe("PWNED");
  },
  120_000,
);

test("what a reader expects of a text is there: paragraphs, headings, lists, code, tables, links", async () => {
  const store = await stores.open();
  const session = await store.createSession({ id: "s", title: "T" });
  await session.append({
    role: "assistant",
    content:
      "One\nline, **bold** and `code <b>`; see https://example.org/a_(b)).\n\n## Two\n- item\n  - below\n1. first\n> said\n\n" +
      "```ts\nconst a = `<b>` && 1\n```\n| a | b |\n|---|:-:|\n| **1** | 2 \\| 3 |\n\nunfinished ** and ` and\n```\nleft open",
  });
  const page = await pageOf(store, "s");
  const body = page.slice(page.indexOf("</header>\n", page.indexOf("<article")) + 10, page.indexOf("</article>"));
  const link = '<a href="https://example.org/a_(b)" rel="noopener noreferrer nofollow">https://example.org/a_(b)</a>';
  expect(body.split("\n")).toEqual([
    '<p dir="auto">One',
    `line, <strong>bold</strong> and <code>code &lt;b&gt;</code>; see ${link}).</p>`,
    '<p class="h2" dir="auto">Two</p>',
    '<p class="li l0" dir="auto">• item</p>',
    '<p class="li l1" dir="auto">• below</p>',
    '<p class="li l0" dir="auto">1. first</p>',
    '<p class="q" dir="auto">said</p>',
    '<pre data-language="ts" dir="ltr"><code>const a = `&lt;b&gt;` &amp;&amp; 1</code></pre>',
    '<div class="table"><table>',
    '<tr><th dir="auto">a</th><th dir="auto">b</th></tr>',
    '<tr><td dir="auto"><strong>1</strong></td><td dir="auto">2 | 3</td></tr>',
    "</table></div>",
    '<p dir="auto">unfinished ** and ` and</p>',
    '<pre dir="ltr"><code>left open</code></pre>',
    "",
  ]);
});

test("pictures are shown if they are some, whatever they are called; all else is named", async () => {
  const store = await stores.open();
  const session = await store.createSession({ id: "s" });
  const svg = Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>").toString("base64");
  const image = (media_type: string, data: string): object => ({
    type: "image",
    source: { type: "base64", media_type, data },
  });
  await session.append({
    role: "user",
    content: [
      image("image/svg+xml", PIXEL),
      image("image/png", svg),
      image("image/png", `${PIXEL.slice(0, -4)}" onerror="x`),
    ],
  });
  await session.append({
    role: "user",
    content: [{ type: "image_url", image_url: { url: "https://example.org/a.png" } }],
  });
  await session.append({ role: "tool", tool_call_id: "c", content: [image("image/png", PIXEL)] });
  const page = await pageOf(store, "s");
  expect([...page.matchAll(/<img [^>]*src="([^"]*)">/g)].map(([, src]) => src)).toEqual([
    `data:image/png;base64,${PIXEL}`,
    `data:image/png;base64,${PIXEL}`,
  ]);
  expect(page).toContain("<bdi>https://example.org/a.png</bdi>");
});

test("a directory has an index and a page for each session, under names that any file system takes", async () => {
  const store = await stores.open();
  const ids = ["plain-1", "Upper", "upper", "index", "con", "../up", "a/b:c", "é", ".hidden", "x".repeat(180)];
  for (const id of ids)
    await (await store.createSession({ id, title: `title of ${id}` })).append({ role: "user", content: id });
  const path = join(stores.unverified(), "new", "pages");
  expect(await store.exportTo(path, { format: "html" })).toEqual({
    sessions: ids.length,
    messages: ids.length,
    problems: [],
  });
  const names = readdirSync(path);
  expect(names).toHaveLength(ids.length + 1);
  expect(names.every((name) => /^[a-z0-9_][a-z0-9_~.-]*\.html$/.test(name) && name.length < 120)).toBe(true);
  const index = readFileSync(join(path, "index.html"), "utf8");
  const links = [...index.matchAll(/<a href="([^"]*)" dir="auto">([^<]*)<\/a>/g)];
  expect(links.map(([, , title]) => String(title)).toSorted()).toEqual(ids.map((id) => `title of ${id}`).toSorted());
  for (const [, name, title] of links)
    expect(readFileSync(join(path, name as string), "utf8")).toContain(`<title>${title}</title>`);
});
