// What rewrites a log of one's own and loses nothing of it is told of by nobody as an older copy.
import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openStore } from "../lib/index.ts";
import type { Store } from "../lib/index.ts";
import { append, codes, found, ids, open, SIZES, uniteInto } from "./helpers/rolled-back.ts";
import type { Watched } from "./helpers/rolled-back.ts";
import { collect, logPath, useStores } from "./helpers/stores.ts";

const stores = useStores();

describe("nothing is told of", () => {
  /** Runs something on a store of a long and a short session, and looks again: open, newly opened, and without a cache. */
  const isClosed = new Set<Store<any, any>>();
  const quiet = async (
    run: (watched: Watched, directory: string) => Promise<void>,
    isVerified = true,
  ): Promise<void> => {
    const directory = isVerified ? stores.directory() : stores.damaged();
    for (const size of [SIZES.short, SIZES.long]) {
      const root = join(directory, String(size));
      const before = await open(stores, root, { machine: "here" });
      await append(before.store, size, "early");
      await before.store.session("s").update({ title: "one" });
      await collect(before.store.sessions());
      await before.store.close();
      const live = await open(stores, root);
      await append(live.store, size, "late");
      await collect(live.store.sessions());
      const rival = await open(stores, root);
      await ids(rival.store);
      await run(live, root);
      for (const { store } of [live, rival]) {
        if (isClosed.has(store)) continue;
        await store.refresh();
        await collect(store.sessions());
        await store
          .session("s")
          .history()
          .catch(() => undefined);
        expect(await found(store)).toEqual([]);
        await store.close();
      }
      const next = await open(stores, root);
      await next.store
        .session("s", { create: true })
        .append({ id: "next" })
        .catch(() => undefined);
      await collect(next.store.sessions());
      expect(await found(next.store)).toEqual([]);
      for (const { warnings } of [live, rival, next]) expect(codes(warnings)).not.toContain("rolled-back");
      await next.store.close();
    }
  };

  test("a compaction, of the last line, too", async () => {
    await quiet(async ({ store }) => {
      const session = store.session("s");
      await session.remove("late-19");
      await session.append({ id: "more" });
      await session.remove("more");
      await session.truncate({ keepLast: 3 });
      await session.compact();
      await session.append({ id: "and on" });
      await session.truncate({ keepLast: 1 });
      await store.compact();
    });
  });

  test("a compaction of what an index saw last, by a process that was killed before it could save another", async () => {
    await quiet(async ({ store }, root) => {
      const session = store.session("s");
      await session.append({ id: "seen last" });
      await collect(store.sessions());
      const cache = stores.unverified();
      cpSync(join(root, ".cache"), cache, { recursive: true, preserveTimestamps: true });
      await session.append({ id: "and on" });
      await session.remove("seen last");
      await session.compact();
      await store.close();
      isClosed.add(store);
      for (const name of ["offsets", "catalog"]) {
        rmSync(join(root, ".cache", name), { recursive: true, force: true });
        if (!existsSync(join(cache, name))) continue;
        cpSync(join(cache, name), join(root, ".cache", name), { recursive: true, preserveTimestamps: true });
      }
    });
  }, 30_000);

  test("a purge of messages, and of the session", async () => {
    await quiet(async ({ store }) => {
      await store.session("s").purge(["late-19", "early-3"]);
      expect(await found(store)).toEqual([]);
      await store.purge("s");
    });
  });

  test("a deletion and its stub, and a restoration", async () => {
    await quiet(async ({ store }) => {
      await store.session("s").delete();
      expect(await found(store)).toEqual([]);
      await store.session("s").restore();
      expect(await found(store)).toEqual([]);
      await store.session("s").delete({ trash: false });
    });
  });

  test("archiving, and taking it back", async () => {
    await quiet(async ({ store }) => {
      await store.archive("s");
      await collect(store.sessions());
      expect(await found(store)).toEqual([]);
      await store.unarchive("s");
      await store.session("s").append({ id: "more" });
      await store.archive("s");
    });
  });

  test("a repair that takes out what is left of the last line", async () => {
    await quiet(async ({ store }) => {
      await store.session("s").append({ id: "broken" });
      await collect(store.sessions());
      await store.close();
      isClosed.add(store);
      const path = logPath(store, "s");
      const bytes = readFileSync(path);
      bytes[bytes.length - 30] = 255;
      bytes[bytes.length - 2] = 255;
      writeFileSync(path, bytes);
      const repairing = await openStore(store.path);
      const { actions } = await repairing.repair();
      expect(actions).toMatchObject([{ action: "moved" }]);
      await repairing.close();
    });
  });

  test("a repair, and a log that is sorted or united with a copy", async () => {
    await quiet(async ({ store }, root) => {
      const log = logPath(store, "s");
      const lines = readFileSync(log, "utf8").trim().split("\n");
      const copy = join(root, "copy");
      writeFileSync(copy, `${lines.join("\n")}\n`);
      writeFileSync(`${log}.tmp`, `${lines.toReversed().join("\n")}\n{"at":"torn`);
      renameSync(`${log}.tmp`, log);
      await store.refresh();
      expect(await found(store)).toEqual([]);
      await store.repair();
      uniteInto(log, copy);
    });
  });

  test("a line that is damaged where it stands: that is told as damage", async () => {
    await quiet(async ({ store }) => {
      const log = logPath(store, "s");
      const bytes = readFileSync(log);
      const last = bytes.lastIndexOf(10, bytes.length - 2) + 1;
      bytes[last + 2] = 0x7e;
      writeFileSync(log, bytes);
      await store.refresh();
      expect((await collect(store.verify())).map(({ code }) => code)).toContain("damaged");
    }, false);
  });

  test("a copy of the store, with the cache of the machine that it came from", async () => {
    const directory = stores.directory();
    await quiet(async ({ store }, root) => {
      const copy = join(directory, String(Math.random()));
      cpSync(root, copy, { recursive: true, preserveTimestamps: true });
      // The original is older than what its cache has seen, and nothing here is of this machine.
      const log = logPath(store, "s").replace(root, copy);
      writeFileSync(log, `${readFileSync(log, "utf8").trim().split("\n").slice(0, 5).join("\n")}\n`);
      const { store: other, warnings } = await open(stores, copy);
      await collect(other.sessions());
      await other.session("s").append({ id: "there" });
      expect(codes(warnings)).toEqual([]);
      expect(await found(other)).toEqual([]);
    });
  });

  test("another machine's log that comes, grows, goes and is older again", async () => {
    await quiet(async ({ store }, root) => {
      const other = stores.unverified();
      for (const name of ["sessions", "turnlog.json"]) cpSync(join(root, name), join(other, name), { recursive: true });
      const theirs = await openStore<any>(other, { machine: "other" });
      const folder = join("sessions", theirs.machine);
      await theirs.session("s").append({ id: "theirs 1" });
      const old = stores.unverified();
      cpSync(join(other, folder), old, { recursive: true });
      await theirs.session("s").append({ id: "theirs 2" });
      await theirs.close();
      for (const from of [join(other, folder), old, undefined, join(other, folder)]) {
        rmSync(join(root, folder), { recursive: true, force: true });
        if (from !== undefined) cpSync(from, join(root, folder), { recursive: true });
        await store.refresh();
        await collect(store.sessions());
        await store.session("s").append({ from: from ?? "nobody" });
        expect(await found(store)).toEqual([]);
      }
    });
  });
});
