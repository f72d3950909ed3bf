// Logs that come, go and lie elsewhere.
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { openStore } from "../../lib/index.ts";
import { isLog, keepingMonths } from "./file-changes.ts";
import type { Way } from "./file-changes.ts";
import { pick } from "./random.ts";
import { monthOf } from "./world.ts";
import type { World } from "./world.ts";

function move(from: string, to: string): void {
  if (!existsSync(from) || existsSync(to)) return;
  mkdirSync(dirname(to), { recursive: true });
  renameSync(from, to);
}

/** Another machine's folder: it has gone on with some sessions of the store, and comes as rsync and git bring it. */
async function othersFolder(world: World): Promise<string> {
  const apart = world.aside();
  mkdirSync(apart);
  cpSync(join(world.directory, "sessions"), join(apart, "sessions"), { recursive: true, preserveTimestamps: true });
  const store = await openStore<any, any>(apart, { machine: "other" });
  for (const id of ["alpha", "gamma", `theirs-${world.random(1e9)}`]) {
    const session = store.session(id, { create: true });
    const messages = Array.from({ length: 30 }, (_, n) => ({ n, text: "of another machine ".repeat(150) }));
    // What is damaged here is damaged there.
    await session.append(messages).catch(() => undefined);
    await session.update({ title: `theirs ${world.random(1e9)}` }).catch(() => undefined);
  }
  await store.close();
  return join(apart, "sessions", store.machine);
}

/** As `cp -a` does, unless something else stands there. */
function copy(from: string, to: string): void {
  if (existsSync(to) && isLog(from) && !isLog(to)) return;
  cpSync(from, to, { recursive: true, preserveTimestamps: true });
}

export const MOVED: readonly Way[] = [
  {
    name: "moved away, and back",
    run(world) {
      const path = world.anyLog();
      const aside = world.aside();
      renameSync(path, aside);
      return () => move(aside, path);
    },
  },
  {
    name: "moved to another month",
    run(world) {
      const path = world.anyLog();
      move(path, join(monthOf(world.directory, basename(dirname(dirname(path))), "2024-02"), basename(path)));
    },
  },
  {
    name: "moved to another machine's folder",
    run(world) {
      const path = world.anyLog();
      move(path, join(monthOf(world.directory, "moved-00000000", "2024-03"), basename(path)));
    },
  },
  {
    name: "removed",
    run: (world) => rmSync(world.anyLog()),
  },
  {
    name: "joined by logs of another machine, which go again",
    async run(world) {
      const folder = await othersFolder(world);
      const to = join(world.directory, "sessions", basename(folder));
      copy(folder, to);
      return () => rmSync(to, { recursive: true, force: true });
    },
  },
  {
    name: "joined by a session of another store",
    run(world) {
      const sessions = join(world.template, "guest", "sessions", "three");
      const [month] = readdirSync(sessions) as [string];
      const machine = pick(world.random, [world.machine, "three-00000000"]);
      copy(join(sessions, month, "guest.jsonl"), join(monthOf(world.directory, machine, month), "guest.jsonl"));
    },
  },
  {
    name: "copied under another name",
    run(world) {
      const path = world.anyLog();
      copy(path, join(dirname(path), `copy-of-${basename(path).replace(".old", "")}`));
    },
  },
  {
    name: "hidden by a directory in its place, and back",
    run(world) {
      const path = world.anyLog();
      const aside = world.aside();
      renameSync(path, aside);
      mkdirSync(path);
      return () => {
        if (existsSync(path) && !isLog(path)) rmdirSync(path);
        move(aside, path);
      };
    },
  },
  {
    name: "closed to us, and open again",
    isHidden: true,
    run(world) {
      // Who may read everything is never denied.
      if (process.getuid?.() === 0) return undefined;
      const path = world.anyLog();
      chmodSync(path, 0);
      return () => isLog(path) && chmodSync(path, 0o600);
    },
  },
  // The locator takes a directory for unchanged by its mtime alone; its ctime would tell.
  {
    name: "moved away, and back, while the directories keep their times",
    run(world) {
      const path = world.anyLog((each) => basename(each) === "zeta.jsonl");
      const aside = world.aside();
      keepingMonths(world, () => renameSync(path, aside));
      return () => keepingMonths(world, () => move(aside, path));
    },
  },
  {
    name: "joined by logs of another machine in directories that are there and keep their times",
    async run(world) {
      const folder = await othersFolder(world);
      const [month] = readdirSync(folder) as [string];
      const to = monthOf(world.directory, "two", month);
      for (const file of readdirSync(join(folder, month)))
        keepingMonths(world, () => existsSync(join(to, file)) || copy(join(folder, month, file), join(to, file)));
    },
  },
];
