// The command line: which store and which session are meant, what it says when it cannot do what it was told, and help.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { linesOf, start, storeWith, turnlog, turnlogHere } from "./helpers/cli.ts";
import { useStores } from "./helpers/stores.ts";

const stores = useStores();
const VERBS = [
  "init",
  "ls",
  "show",
  "grep",
  "info",
  "append",
  "truncate",
  "rm",
  "trash",
  "restore",
  "purge",
  "prune",
  "import",
  "export",
  "stats",
  "verify",
  "repair",
  "machine",
  "unlock",
];

describe("the store", () => {
  test("init makes one, with what is missing above it, and leaves one that is there as it is", async () => {
    const directory = join(stores.directory(), "a", "b");
    expect(await turnlog(["init", directory])).toEqual({ code: 0, stdout: `${directory}\n`, stderr: "a new store\n" });
    const marker = readFileSync(join(directory, "turnlog.json"), "utf8");
    const again = await turnlog(["--store", directory, "init", "--json"]);
    expect(JSON.parse(again.stdout)).toEqual({ path: directory, created: false });
    expect(readFileSync(join(directory, "turnlog.json"), "utf8")).toBe(marker);
  });

  test("is named by --store, else by TURNLOG_STORE, else it is ./sessions, else the directory that one stands in", async () => {
    const directory = stores.directory();
    for (const name of ["option", "environment", "sessions"])
      await storeWith(stores, 1, `in-${name}`, join(directory, name));
    const env = { TURNLOG_STORE: "environment" };
    const listed = async (args: string[], options: object): Promise<string> =>
      (await turnlog([...args, "--json"], options)).stdout;
    expect(await listed(["ls", "--store", "option"], { env, directory })).toContain('"in-option"');
    expect(await listed(["--store=option", "ls"], { env, directory })).toContain('"in-option"');
    expect(await listed(["ls"], { env, directory })).toContain('"in-environment"');
    expect(await listed(["ls"], { directory })).toContain('"in-sessions"');
    expect(await listed(["ls"], { env: { TURNLOG_STORE: "" }, directory })).toContain('"in-sessions"');
    expect(await listed(["ls"], { directory: join(directory, "option") })).toContain('"in-option"');
    await turnlog(["append", "--create", "new"], { directory: join(directory, "option"), input: "{}" });
    expect(existsSync(join(directory, "option", "sessions", "turnlog.json"))).toBe(false);
  });

  test("is made by no verb that reads or changes what is there", async () => {
    const directory = stores.directory();
    const verbs = [
      ["ls"],
      ["show", "s"],
      ["info", "s"],
      ["append", "s"],
      ["truncate", "s", "--keep-last", "1"],
      ["rm", "s"],
    ];
    for (const verb of [...verbs, ["export"], ["import", "none"]]) {
      const { code, stderr } = await turnlog(verb, { directory, input: "{}" });
      expect(code, verb[0]).toBe(1);
      expect(stderr).toMatch(/^turnlog: no(thing to import| store) at /);
    }
    expect(readdirSync(directory)).toEqual([]);
  });

  test("that cannot be opened gives its exit code, one line of words, and stays as it is", async () => {
    const directory = stores.unverified();
    const newer = join(directory, "newer");
    mkdirSync(newer);
    writeFileSync(join(newer, "turnlog.json"), '{"format":2}\n');
    writeFileSync(join(directory, "file"), "text");
    const cases = [
      [newer, 4, "the store has format 2; this version reads 1"],
      [join(directory, "file"), 4, "is a file, not a directory"],
      [join(directory, "file", "below"), 1, "no store at"],
      [join(directory, "none"), 1, "no store at"],
    ] as const;
    for (const [path, expected, words] of cases) {
      const { code, stdout, stderr } = await turnlog(["--store", path, "ls"]);
      expect([code, stdout]).toEqual([expected, ""]);
      expect(stderr).toMatch(/^turnlog: [^\n]*\n$/);
      expect(stderr).toContain(words);
    }
    expect(readdirSync(newer)).toEqual(["turnlog.json"]);
    expect(readFileSync(join(directory, "file"), "utf8")).toBe("text");
  });
});

describe("ids", () => {
  test("a beginning that no other id has will do; an id wins over the ids that begin with it", async () => {
    const directory = stores.directory();
    for (const id of ["abc", "abcd", "abce", "xyz"]) await storeWith(stores, 1, id, directory);
    const shown = async (id: string): Promise<unknown> => {
      const { code, stdout } = await turnlog(["--store", directory, "info", id, "--json"]);
      return code === 0 ? JSON.parse(stdout).id : code;
    };
    expect([await shown("x"), await shown("abc"), await shown("abcd")]).toEqual(["xyz", "abc", "abcd"]);
    expect([await shown("q"), await shown("ab"), await shown("")]).toEqual([1, 2, 2]);
    const { stderr } = await turnlog(["--store", directory, "rm", "x", "ab"]);
    expect(linesOf(stderr).slice(1).sort()).toEqual(["  abc", "  abcd", "  abce"]);
    expect(await shown("xyz")).toBe("xyz");
  });
});

describe("wrong usage", () => {
  test("is exit 2 and one line of words, which help where they can", async () => {
    const directory = await storeWith(stores, 1);
    const cases: [string[], string][] = [
      [[], "a verb is missing; turnlog --help lists them"],
      [["list"], 'unknown verb "list"; did you mean ls?'],
      [["trunc"], 'unknown verb "trunc"; did you mean truncate?'],
      [["frobnicate"], 'unknown verb "frobnicate"; turnlog --help lists them'],
      [["ls", "--frob"], "unknown option '--frob'"],
      [["ls", "--limit", "0"], "--limit takes a whole number, at least 1"],
      [["ls", "s"], "ls takes no session; turnlog show and info do"],
      [["ls", "--after", "x"], "x is no cursor of a listing"],
      [["show"], "a session's id is missing"],
      [["show", "s", "--last", "many"], "--last takes a whole number, at least 1"],
      [["show", "s", "--all", "--last", "1"], "--all goes with no other range"],
      [["show", "s", "t"], "only one session can be named"],
      [["append"], "append needs a session, or --create to make one"],
      [["truncate", "s"], "truncate takes one of --keep-last, --before and --after"],
      [["truncate", "s", "--before", "m", "--after", "m"], "truncate takes one of --keep-last, --before and --after"],
      [["rm"], "rm needs a session"],
      [["machine", "x"], "machine takes no session; --adopt ID names a folder"],
      [["machine", "--all", "--adopt", "x"], "machine takes one of --all and --adopt"],
      [["machine", "--dry-run"], "--dry-run belongs to --adopt"],
      [["machine", "--adopt", "../x"], "adopt() takes the name of a machine's folder"],
      [["import"], "import needs a path, or --from"],
      [["import", "--from", "messages"], "--from messages needs a path"],
      [["import", "-", "--mark-migrated"], "--mark-migrated needs a path"],
      [
        ["import", "--from", "cursor", "x"],
        "--from takes claude-code, codex, gemini-cli, messages, openclaw, opencode, pi, picoclaw, turnlog or all",
      ],
      [["export", "--format", "xml"], "--format is one of jsonl, json, ndjson, markdown, html, claude-code, picoclaw"],
      [["export", "--format", "html", "--data", "s"], "--data goes with the formats jsonl and json"],
      [["export", "--format", "picoclaw"], "picoclaw needs a directory: --output DIR"],
      [
        ["export", "--format", "html", "--output", "x.html"],
        "html is a file for each session: name one session, or a directory with --output",
      ],
    ];
    for (const [args, words] of cases) {
      const result = await turnlogHere(["--store", directory, ...args]);
      expect(result, args.join(" ")).toEqual({ code: 2, stdout: "", stderr: `turnlog: ${words}\n` });
    }
    const process = await turnlog(["--store", directory, "list"]);
    expect(process).toEqual({ code: 2, stdout: "", stderr: 'turnlog: unknown verb "list"; did you mean ls?\n' });
  });

  test("help for all and for each verb is data: usage, options, exit codes, examples", async () => {
    const all = await turnlog(["--help"]);
    for (const verb of VERBS) {
      expect(all.stdout).toMatch(new RegExp(`^  ${verb} +\\S`, "m"));
      const { code, stdout, stderr } = await turnlogHere([verb, "--help"]);
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout.startsWith(`Usage:\n  turnlog [--store DIR] ${verb}`), verb).toBe(true);
      for (const part of ["--store DIR", "--json", "Exit codes:\n", "130  interrupted", "Examples:\n  "]) {
        expect(stdout).toContain(part);
      }
    }
    expect((await turnlogHere(["help", "ls"])).stdout).toBe((await turnlogHere(["-h", "ls"])).stdout);
    const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    expect(await turnlog(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });
});

test("a verb that takes no input ends while its stdin is open", async () => {
  const { ended } = start(["--store", await storeWith(stores, 1), "show", "s"]);
  expect((await ended).code).toBe(0);
});
