// A session that was used in every way: a log with every line type.
import { readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import type { Stores } from "./stores.ts";
import { onlyLog } from "./stores.ts";

export const EVERY_TYPE = [
  "delete",
  "from-the-future",
  "head",
  "info",
  "message",
  "open",
  "part",
  "purge",
  "purged",
  "remove",
  "restore",
  "session",
  "truncate",
];

/** Makes it with the id "used". -> its log */
export async function usedInEveryWay(stores: Stores, directory: string): Promise<string> {
  const store = await stores.open<any>({}, directory);
  const session = await store.createSession({ id: "used", title: "Ünicode 漢字", tags: ["a"] });
  await session.append({ id: "m1", role: "user", content: 'text with \n newline, "quotes", {"at":" and 😀' });
  await session.append([
    { id: "m2", role: "assistant", content: "call" },
    { id: "m3", role: "tool", content: "result" },
    { id: "m4", role: "assistant", content: "done" },
  ]);
  await session.putMessage({ id: "m1", role: "user", content: "edited" });
  await session.putPart("m2", { id: "p1", text: "streaming" });
  await session.putPart("m2", { id: "p1", text: "streaming, more" });
  await session.putPart("m2", { id: "p2", text: "to go" });
  await session.remove("m2", "p2");
  await session.remove("m3");
  await store.close();
  const again = await stores.open<any>({}, directory);
  const handle = again.session("used");
  await handle.update({ summary: "so far", title: null });
  await handle.checkout("m2");
  await handle.append({ id: "m5", role: "user", content: "another way" });
  await handle.truncate({ keepLast: 2 });
  await handle.replace([
    { id: "m2", role: "assistant", content: "call" },
    { id: "m6", n: 6 },
    { id: "m7", n: 7 },
  ]);
  await handle.commit((commit) => {
    commit.append({ id: "m8", n: 8 });
    commit.putPart("m8", { id: "p8", n: 8 });
    commit.update({ pinned: true });
  });
  await again.close();
  return onlyLog(directory);
}

export function sealed(line: object): string {
  const body = JSON.stringify(line).slice(0, -1);
  return `${body},"crc":"${crc32(body).toString(16).padStart(8, "0")}"}`;
}

/** Line types that only other operations write, by hand, after those of a log. */
function withRareTypes(log: string): string {
  const stamp = (n: number): string => `2099-01-01T00:00:00.${String(n).padStart(3, "0")}Z-0000-zzzzzzzz`;
  const lines = log.trimEnd().split("\n");
  const last = JSON.parse(lines.at(-1)!).at as string;
  const place = JSON.parse(lines.findLast((line) => line.includes('"id":"m7"'))!).at as string;
  return `${[
    ...lines,
    sealed({ at: stamp(1), type: "open", after: last }),
    sealed({ at: stamp(2), type: "purge", data: { of: [place] } }),
    sealed({ at: stamp(3), type: "purged" }),
    sealed({ at: stamp(4), type: "from-the-future", data: { any: "thing" } }),
    sealed({ at: stamp(5), type: "delete" }),
    sealed({ at: stamp(6), type: "restore", of: stamp(5) }),
  ].join("\n")}\n`;
}

/** The same log whatever the clock says: its stamps and writers are others, in the same order. */
function withFixedStamps(log: string): string {
  const lines = log.trimEnd().split("\n");
  const stamps = new Map<string, string>();
  const writers = new Map<string, string>();
  let commit = 0;
  let left = 0;
  for (const line of lines) {
    const { at, batch = 1 } = JSON.parse(line) as { at: string; batch?: number };
    const writer = writers.get(at.slice(-8)) ?? "abcdefgh".charAt(writers.size).repeat(8);
    writers.set(at.slice(-8), writer);
    if (left > 0) left--;
    else {
      commit++;
      left = batch - 1;
    }
    const counter = [...stamps.values()].filter((each) => each.includes(timeOf(commit))).length;
    stamps.set(at, `${timeOf(commit)}-${counter.toString(16).padStart(4, "0")}-${writer}`);
  }
  return `${lines
    .map((line) => {
      const text = line.replaceAll(/\d{4}-\d\d-\d\dT[^"]{13}-[0-9a-f]{4}-[a-z0-9]{8}/g, (at) => stamps.get(at) ?? at);
      const { crc: _, ...rest } = JSON.parse(text);
      return sealed(rest);
    })
    .join("\n")}\n`;
}

function timeOf(commit: number): string {
  return new Date(Date.UTC(2025, 5, 1, 9, 0, 0, commit * 3)).toISOString();
}

/** A log that has all of EVERY_TYPE, of the session "used", and is the same every time. */
export async function logOfEveryType(stores: Stores): Promise<Buffer> {
  const path = await usedInEveryWay(stores, stores.unverified());
  return Buffer.from(withRareTypes(withFixedStamps(readFileSync(path, "utf8"))));
}
