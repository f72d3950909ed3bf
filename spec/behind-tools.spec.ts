// The tools that people sync and back up with, run for real: every answer is that of a naive full scan.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { openStore } from "../lib/index.ts";
import { GIT_ENVIRONMENT } from "./helpers/git.ts";
import { useWorlds } from "./helpers/world.ts";
import type { World } from "./helpers/world.ts";

const worlds = useWorlds();

const has = (tool: string): boolean => spawnSync(tool, ["--version"]).status === 0;

function sh(directory: string, command: string): void {
  execFileSync("sh", ["-ec", command], { cwd: directory, env: GIT_ENVIRONMENT, stdio: "pipe" });
}

/** The store on another machine, which goes on with all of it and then writes nothing more. -> its root */
async function otherMachine(world: World, machine = "other"): Promise<string> {
  const root = world.aside(`machine-${machine}`);
  mkdirSync(root);
  sh(world.directory, `cp -a sessions turnlog.json .gitignore .gitattributes ${root}`);
  await goOn(root, machine);
  return root;
}

async function goOn(root: string, machine: string): Promise<void> {
  const store = await openStore<any, any>(root, { machine });
  for (const id of ["alpha", "zeta", `of-${machine}`]) {
    const session = store.session(id, { create: true });
    for (let n = 0; n < 40; n++) await session.append({ n, text: `of ${machine} `.repeat(200) });
    await session.update({ title: `${id} of ${machine}` });
  }
  await store.close();
}

const IS_LONG = process.env["TURNLOG_LONG"] !== undefined;
const RSYNCS = ["-a", "-a --append", "-a --append-verify", "-a --inplace", "-rtc --inplace --no-whole-file"];

/** What it changes in place shows in no directory. */
const isInPlace = (options: string): boolean => /append|inplace/.test(options);

describe.skipIf(!has("rsync")).each(RSYNCS.slice(0, IS_LONG ? undefined : 2))("rsync %s", (options) => {
  test("of another machine's folder, again and again", async () => {
    await worlds.enter(options.length, async (world) => {
      const root = await otherMachine(world);
      const sync = `rsync ${options} --exclude ${world.machine} ${root}/sessions/ sessions/`;
      for (let round = 0; round < 2; round++) {
        sh(world.directory, sync);
        world.isHidden = round > 0 && isInPlace(options);
        await world.check();
        await goOn(root, "other");
      }
    });
  });

  test("of a backup over all logs, and of the newer logs over that", async () => {
    await worlds.enter(options.length, async (world) => {
      const [old, newer] = [world.aside("old"), world.aside("newer")];
      cpSync(join(world.directory, "sessions"), old, { recursive: true, preserveTimestamps: true });
      for (const id of ["alpha", "beta", "gamma"])
        await world.here.ask(id, "append", { text: "after the backup ".repeat(500) });
      await world.here.ask("theta", "delete");
      await world.check();
      cpSync(join(world.directory, "sessions"), newer, { recursive: true, preserveTimestamps: true });
      world.isHidden = isInPlace(options);
      for (const source of [old, newer]) {
        sh(world.directory, `rsync ${options} --delete ${source}/ sessions/`);
        await world.check();
        await world.elsewhere.ask("beta", "append", { text: "goes on" });
        await world.check();
      }
    });
  });
});

describe.skipIf(!has("git"))("git", () => {
  test("pull, checkout and reset bring and take the logs of machines", async () => {
    await worlds.enter(3, async (world) => {
      sh(world.directory, "git init -q -b main && git add -A && git commit -qm first");
      const other = world.aside("clone");
      sh(world.base, `git clone -q ${world.directory} ${other}`);
      await goOn(other, "cloned");
      sh(other, "git add -A && git commit -qm theirs");
      await world.here.ask("alpha", "append", { text: "ours ".repeat(300) });
      sh(world.directory, "git add -A && git commit -qm ours");
      sh(world.directory, `git pull -q --no-rebase --no-edit ${other} main`);
      await world.check();
      await world.elsewhere.ask("zeta", "append", { text: "after the pull" });
      await world.check();
      sh(world.directory, "git add -A && git commit -qm more");
      sh(world.directory, "git checkout -q HEAD~1");
      await world.check();
      sh(world.directory, "git checkout -q main");
      await world.check();
      sh(world.directory, "git reset -q --hard HEAD~2");
      await world.check();
      await world.here.ask("beta", "append", { text: "goes on" });
      await world.check();
    });
  });
});

describe("copies of a whole store, with its cache", () => {
  test("go their own ways, and each answers for itself", async () => {
    await worlds.enter(4, async (world) => {
      await worlds.enterCopy(world, async (copy) => {
        for (let round = 0; round < 2; round++) {
          for (const [n, each] of [world, copy].entries()) {
            const text = `${n ? "in the copy" : "here"} `.repeat(300);
            for (const id of ["alpha", "zeta", `new-${n}`]) await each.here.ask(id, "append", { text, round });
            await each.elsewhere.ask("beta", "update", { title: `${n} ${round}` });
          }
          await world.check();
          await copy.check();
        }
        expect(copy.scan().get("new-0")).toBeUndefined();
      });
    });
  });

  test("take the place of the original, older or not", async () => {
    await worlds.enter(6, async (world) => {
      const backup = world.aside("backup");
      await world.close();
      sh(world.base, `cp -a ${world.directory} ${backup}`);
      await world.open();
      for (const id of ["alpha", "gamma", "new"]) await world.here.ask(id, "append", { text: "later ".repeat(400) });
      await world.check();
      await world.close();
      for (const way of ["cp -a", "mv"]) {
        rmSync(world.directory, { recursive: true });
        sh(world.base, `${way} ${backup} ${world.directory}`);
        await world.check();
        await world.open();
        await world.here.ask("alpha", "append", { text: `after ${way}` });
        await world.check();
        await world.close();
      }
    });
  });

  test("serve at another place after a move of the whole", async () => {
    await worlds.enter(7, async (world) => {
      await world.close();
      const elsewherePath = world.aside("moved");
      renameSync(world.directory, elsewherePath);
      const store = await openStore<any, any>(elsewherePath);
      await store.session("alpha").append({ text: "at the other place" });
      await store.close();
      renameSync(elsewherePath, world.directory);
      await world.check();
      await world.open();
      await world.check();
    });
  });
});

test("logs that a shell script edits, sorts, joins and cuts", async () => {
  await worlds.enter(8, async (world) => {
    world.isHidden = true;
    const log = join(
      relative(
        world.directory,
        world.logs().find((path) => basename(path) === "alpha.jsonl")!,
      ),
    );
    const scripts = [
      `sed -i 's/equal equal/EQUAL EQUAL/' ${log}`,
      `sed 's/EQUAL EQUAL/equal equal/' ${log} > copy && cat copy > ${log} && rm copy`,
      `head -n 40 ${log} > copy && mv copy ${log}`,
      `cp -p ${log} copy && head -c 30000 copy > ${log} && touch -r copy ${log} && rm copy`,
      `sort -u ${log} ${log} > copy && mv copy ${log}`,
      `printf '\\n\\n' >> ${log}`,
      `sed -i 's/$/\\r/' ${log}`,
      `dd if=/dev/zero of=${log} bs=1 seek=5000 count=600 conv=notrunc status=none`,
      `truncate -s +4096 ${log}`,
    ];
    for (const script of scripts) {
      sh(world.directory, script);
      await world.check();
      await world.here.ask("alpha", "append", { text: "goes on" });
      await world.glance();
    }
  });
});
