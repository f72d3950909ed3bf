// Git's rule: what was seen of a file within a tick of its last change proves nothing. A log that is changed again in that tick, to
// the same size, looks as it did, and is read all the same.
import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { ROOT } from "./helpers/fault-case.ts";
import { openAt } from "./helpers/fault-checks.ts";
import { SimulatedDisk } from "./helpers/simulated-disk.ts";

/** Writes other text over the same bytes, with right checksums, and no time that shows it. */
function rewriteInPlace(disk: SimulatedDisk, from: string, to: string): void {
  for (const [path, inode] of disk.entries()) {
    if (!path.endsWith(".jsonl")) continue;
    const lines = inode.bytes.toString("latin1", 0, inode.size).split("\n");
    const changed = lines.map((line) => {
      if (!line.includes(from)) return line;
      const body = line.replaceAll(from, to).slice(0, line.lastIndexOf(',"crc"'));
      return `${body},"crc":"${crc32(Buffer.from(body, "latin1")).toString(16).padStart(8, "0")}"}`;
    });
    inode.bytes = Buffer.from(changed.join("\n"), "latin1");
    expect(inode.bytes.length).toBe(inode.size);
  }
}

/** All that was changed was changed just now, by a clock that stands still. */
function holdClock(disk: SimulatedDisk): void {
  for (const [, inode] of disk.entries()) inode.changedMs = Date.now() + 60_000;
}

test("the sidecar and the catalog are not believed of a log that was changed in the tick in which it was read", async () => {
  const disk = new SimulatedDisk();
  const store = await openAt(disk, ROOT);
  const session = await store.createSession({ id: "s", title: "title aaaa" });
  for (let n = 0; n < 4; n++) await session.append({ id: `id-aaaa-${n}`, text: "x".repeat(30_000) });
  await store.close();
  // A store that has not written it itself reads it, and keeps what it has read.
  for (const path of disk.filesBelow(`${ROOT}/.cache`).keys()) if (!path.includes("machines")) disk.remove(path);
  holdClock(disk);
  const reader = await openAt(disk, ROOT);
  expect((await reader.page({ limit: 1 })).items[0]).toMatchObject({ title: "title aaaa" });
  expect(await reader.session("s").history()).toHaveLength(4);
  await reader.close();
  expect([...disk.filesBelow(`${ROOT}/.cache/offsets`)]).toHaveLength(1);

  rewriteInPlace(disk, "aaaa", "bbbb");
  const again = await openAt(disk, ROOT);
  expect((await again.page({ limit: 1 })).items[0]).toMatchObject({ id: "s", title: "title bbbb" });
  expect((await again.session("s").message("id-bbbb-1"))?.id).toBe("id-bbbb-1");
  expect(await again.session("s").message("id-aaaa-1")).toBeUndefined();
  await again.close();
});
