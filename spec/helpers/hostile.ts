// Texts that would leave the place they are put in, if they could.
import fc from "fast-check";
import type { Store } from "../../lib/index.ts";
import type { Stores } from "./stores.ts";

const FRAGMENTS = [
  "<script>document.title='PWNED'</script>",
  "<img src=x onerror=\"document.title='PWNED'\">",
  "</style><style>body{display:none}</style>",
  "</title></summary></details></article></pre></code>",
  "<!-- ",
  "-->",
  "<![CDATA[",
  '"><svg onload="document.title=\'PWNED\'">',
  "' onmouseover='alert(1)",
  "javascript:document.title='PWNED'",
  "[x](javascript:alert(1))",
  "![x](https://example.org/pixel.png)",
  'https://example.org/"onclick="alert(1)',
  "https://example.org/a(b)c).",
  "\n# Title\n",
  "\n## User · 2026-01-01 00:00:00\n",
  "\n===\n",
  "\n---\n",
  "\n```",
  "\n~~~~html\n",
  "\n   ```js\n",
  "- ```\n",
  "> ```\n",
  "`",
  "``",
  "```",
  "`<b>`",
  "\\`",
  "\\<",
  "\\",
  "| a | `b | <i>` |\n|---|---|\n",
  "**",
  "&lt;script&gt;",
  "&",
  "\r",
  "\r\n\t",
  "\u0000\u001b[2J\u009b\u007f",
  "\u202e",
  "\u2028",
  "\ud800",
  "\n    indented <u>\n",
  "words",
  " ",
  "\n\n",
];

/** Any of them, in any order. */
const hostileText: fc.Arbitrary<string> = fc
  .array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...FRAGMENTS) }, fc.string({ maxLength: 6 })), {
    maxLength: 12,
  })
  .map((pieces) => pieces.join(""));

/** Messages with such a text in every place that one is shown from. */
const hostileMessage: fc.Arbitrary<object> = fc.oneof(
  fc.record({ role: fc.oneof(fc.constantFrom("user", "assistant", "tool"), hostileText), content: hostileText }),
  fc.record({
    role: fc.constantFrom("user", "assistant"),
    content: fc.array(
      fc.oneof(
        fc.record({ type: fc.constant("text"), text: hostileText }),
        fc.record({ type: fc.constant("thinking"), thinking: hostileText }),
        fc.record({
          type: fc.constant("tool_use"),
          name: hostileText,
          input: fc.dictionary(hostileText, hostileText, { maxKeys: 2 }),
        }),
        fc.record({
          type: fc.constant("tool_result"),
          tool_use_id: hostileText,
          content: hostileText,
          is_error: fc.boolean(),
        }),
        fc.record({
          type: fc.constant("image"),
          source: fc.record({
            type: fc.constant("base64"),
            media_type: hostileText,
            data: hostileText.map((text) => `iVBORw0KGgo${text}`),
          }),
        }),
        fc.record({ type: fc.constant("image_url"), image_url: fc.record({ url: hostileText }) }),
        fc.record({ type: fc.constant("file"), filename: hostileText, mediaType: hostileText, url: hostileText }),
        fc.record({ type: hostileText, x: hostileText }),
      ),
      { maxLength: 4 },
    ),
  }),
);

/** Goes through sessions that have such texts in their messages and in all that they are called by. */
export async function eachHostileSession(
  stores: Stores,
  look: (store: Store<any, any>, id: string, messages: number) => Promise<void>,
): Promise<void> {
  const messages = fc.array(hostileMessage, { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(messages, hostileText, hostileText, async (all, one, two) => {
      const store = await stores.open();
      const session = await store.createSession({
        title: one,
        project: two,
        directory: one,
        tags: [two],
        summary: one,
      });
      await session.append(all);
      await look(store, session.id, all.length);
      await store.close();
    }),
    { numRuns: process.env["TURNLOG_LONG"] ? 2000 : 60 },
  );
}
