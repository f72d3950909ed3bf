// Logs that hold other bytes than they did, also where size, times and inode are the same.
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { obey } from "./helpers/laws.ts";
import { seal } from "./helpers/log-edits.ts";
import { onlyLog, useStores } from "./helpers/stores.ts";
import { REORDERED, REWRITTEN } from "./helpers/ways-rewritten.ts";

const stores = useStores();

obey("a log", [...REWRITTEN, ...REORDERED]);

/** Gives the session another title, in as many bytes, where its log lies, and adds a line. */
function editAndGrow(path: string): void {
  const lines = readFileSync(path, "utf8")
    .split("\n")
    .map((line) => {
      const parsed = line === "" ? undefined : JSON.parse(line);
      return parsed?.type === "info" ? seal({ ...parsed, data: { ...parsed.data, title: "that" } }) : line;
    });
  for (const now = Date.now(); Date.now() === now;);
  const at = `${new Date().toISOString()}-0000-byhand00`;
  writeFileSync(path, `${lines.join("\n")}${seal({ at, type: "message", id: "by-hand", data: {} })}\n`);
}

test("a log that was edited in place and has grown is read anew after refresh(), whoever read it meanwhile", async () => {
  for (const isReadBefore of [false, true]) {
    const store = await stores.open({}, stores.damaged());
    const session = await store.createSession({ title: "this" });
    await session.append({ n: 1 });
    await session.info();
    const path = onlyLog(store.path);
    await new Promise((resolve) => setImmediate(resolve));
    editAndGrow(path);
    // What is read here takes the new line for all that is new, and what is written here hides that it was not.
    if (isReadBefore) {
      await session.info();
      await session.append({ n: 2 });
    }
    await store.refresh();
    expect((await session.info()).title).toBe("that");
    expect(await session.count()).toBe(isReadBefore ? 3 : 2);
  }
});
