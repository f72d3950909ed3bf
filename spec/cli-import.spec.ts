// The command line takes over other tools' sessions.
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect, test, vi } from "vitest";
import { importText } from "../tools/import-progress.ts";
import { Progress } from "../tools/progress.ts";
import { jsonLinesOf, start, turnlog, turnlogHere } from "./helpers/cli.ts";
import { logsOf, useStores } from "./helpers/stores.ts";

const stores = useStores();
const UUID = "6f1c0b7e-4f0a-4d7e-9a51-0d8f1f2a3b4c";

/** A legacy session of picoclaw. */
function writePicoclaw(directory: string, name: string, count: number): string {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, `${name}.json`);
  const messages = Array.from({ length: count }, (_, n) => ({
    role: n % 2 === 0 ? "user" : "assistant",
    content: `${name} ${n}`,
  }));
  const times = { created: "2026-02-01T10:00:00Z", updated: "2026-02-01T11:00:00Z" };
  writeFileSync(path, JSON.stringify({ key: `agent:main:${name}`, messages, ...times }));
  return path;
}

/** A transcript of Claude Code. */
function writeTranscript(directory: string, lines: number): string {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, `${UUID}.jsonl`);
  const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
  const records = Array.from({ length: lines }, (_, n) => ({
    type: n % 2 === 0 ? "user" : "assistant",
    uuid: uuid(n),
    parentUuid: n === 0 ? null : uuid(n - 1),
    sessionId: UUID,
    timestamp: new Date(Date.UTC(2026, 2, 1, 12, n)).toISOString(),
    isSidechain: false,
    cwd: "/home/me/parser",
    message: { role: n % 2 === 0 ? "user" : "assistant", content: `line ${n}` },
  }));
  writeFileSync(path, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  return path;
}

/** All files below a directory, with what they hold and when they were written. */
function contentsOf(directory: string): unknown[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => [path, readFileSync(path, "utf8"), statSync(path).mtimeMs]);
}

test("a source is recognized, comes with its times, and a second import changes no byte", async () => {
  const source = stores.unverified();
  const directory = join(stores.directory(), "store");
  writePicoclaw(join(source, "picoclaw"), "chat", 4);
  const transcript = writeTranscript(join(source, "claude"), 3);
  const before = contentsOf(source);
  const picoclaw = await turnlog(["--store", directory, "import", join(source, "picoclaw")]);
  expect(picoclaw).toEqual({
    code: 0,
    stdout: "created\t4\tagent:main:chat\n",
    stderr: "1 created; 4 messages added\n",
  });
  const claude = await turnlog(["--store", directory, "import", "--from", "claude-code", transcript, "--json"]);
  expect(JSON.parse(claude.stdout)).toMatchObject({
    source: "claude-code",
    sessions: [{ id: UUID, status: "created", added: 3 }],
    problems: [],
    marked: [],
  });
  const logs = contentsOf(join(directory, "sessions"));
  for (const path of ["picoclaw", "claude"]) {
    const again = await turnlog(["--store", directory, "import", join(source, path)]);
    expect(again).toEqual({ code: 0, stdout: "", stderr: "1 unchanged; 0 messages added\n" });
  }
  expect(contentsOf(join(directory, "sessions"))).toEqual(logs);
  expect(contentsOf(source)).toEqual(before);
  const listed = jsonLinesOf((await turnlog(["--store", directory, "ls", "--json"])).stdout);
  expect(listed.map(({ id, createdAt, messages }) => [id, createdAt, messages])).toEqual([
    [UUID, "2026-03-01T12:00:00.000Z", 3],
    ["agent:main:chat", "2026-02-01T10:00:00.000Z", 4],
  ]);
  expect((await turnlog(["--store", directory, "show", "agent", "--last", "1"])).stdout).toMatch(
    /^assistant .*\nchat 3\n/,
  );
  writePicoclaw(join(source, "picoclaw"), "chat", 6);
  const grown = await turnlog(["--store", directory, "import", join(source, "picoclaw")]);
  expect([grown.stdout, grown.stderr]).toEqual(["grown\t2\tagent:main:chat\n", "1 grown; 2 messages added\n"]);
});

test("a dry run tells the same and makes no store", async () => {
  const directory = stores.directory();
  writePicoclaw(join(directory, "source"), "chat", 4);
  const { stdout, stderr } = await turnlog(["import", "source", "--dry-run"], { directory });
  expect([stdout, stderr]).toEqual(["created\t4\tagent:main:chat\n", "dry run: 1 created; 4 messages added\n"]);
  expect(readdirSync(directory)).toEqual(["source"]);
});

test("all: what the tools have in this home, each where it keeps it, and nothing of what is not there", async () => {
  const home = stores.unverified();
  const fixtures = new URL("../fixtures/import", import.meta.url).pathname;
  const env: Record<string, string> = { HOME: home };
  for (const name of ["CLAUDE_CONFIG_DIR", "CODEX_HOME", "GEMINI_CLI_HOME", "OPENCLAW_STATE_DIR"]) env[name] = "";
  for (const name of ["XDG_DATA_HOME", "OPENCODE_DB"]) env[name] = "";
  for (const name of ["PI_CODING_AGENT_DIR", "PI_CODING_AGENT_SESSION_DIR"]) env[name] = "";
  const directory = join(stores.directory(), "store");
  const none = await turnlog(["--store", directory, "import", "--from", "all"], { env });
  expect([none.code, none.stderr]).toEqual([1, "no sessions of any tool\n"]);
  for (const [tool, place] of [
    ["claude-code", ".claude"],
    ["codex", ".codex"],
    ["gemini-cli", ".gemini"],
    ["openclaw", ".openclaw"],
    ["pi", ".pi"],
    ["opencode/files", ".local/share"],
  ] as const)
    cpSync(join(fixtures, tool), join(home, place), { recursive: true });
  const before = contentsOf(home);
  const dry = await turnlog(["--store", directory, "import", "--from", "all", "--dry-run", "--json"], { env });
  const wet = await turnlog(["--store", directory, "import", "--from", "all", "--json"], { env });
  const [report, trial] = [JSON.parse(wet.stdout), JSON.parse(dry.stdout)];
  expect(report).toEqual(trial);
  const counts = new Map<string, number>();
  for (const { source } of report.sessions) counts.set(source, (counts.get(source) ?? 0) + 1);
  expect(Object.fromEntries(counts)).toEqual({
    "claude-code": 8,
    codex: 4,
    "gemini-cli": 3,
    openclaw: 3,
    opencode: 4,
    pi: 3,
  });
  expect(report.source).toBe("all");
  const again = await turnlog(["--store", directory, "import", "--from", "all"], { env });
  expect(again).toEqual({ code: 0, stdout: "", stderr: "25 unchanged; 0 messages added\n" });
  expect(contentsOf(home)).toEqual(before);
  // A home as a path is looked through for all of them, too, whatever else is in it; a tool can be moved elsewhere.
  for (const name of ["tmp", "sessions", "agents"]) mkdirSync(join(home, name));
  const byPath = await turnlog(["import", home, "--from", "all", "--dry-run"], { directory: home });
  expect(byPath.stderr).toMatch(/^dry run: 25 created; /);
  const moved = await turnlog(["import", "--from", "codex", "--dry-run"], {
    directory: home,
    env: { ...env, HOME: join(home, "elsewhere"), CODEX_HOME: join(home, ".codex") },
  });
  expect(moved.stderr).toMatch(/^dry run: 4 created; /);
});

test("what cannot be read is told with its place and makes exit 1; the rest is imported", async () => {
  const source = stores.unverified();
  const directory = stores.directory();
  const path = writeTranscript(source, 3);
  writeFileSync(path, `${readFileSync(path, "utf8")}no json\n`);
  const { code, stdout, stderr } = await turnlog(["--store", directory, "import", source]);
  expect([code, stdout]).toEqual([1, `created\t3\t${UUID}\n`]);
  expect(stderr).toBe(`turnlog: ${path}:4: no record: it is no JSON object\n1 created; 3 messages added\n`);
  const none = await turnlog(["--store", directory, "import", join(source, "none")]);
  expect([none.code, none.stderr]).toEqual([1, `turnlog: nothing to import at ${join(source, "none")}\n`]);
  const other = join(source, "other.txt");
  writeFileSync(other, "text");
  expect((await turnlog(["--store", directory, "import", other])).code).toBe(2);
});

test("files are marked as migrated when they are asked to be", async () => {
  const source = stores.unverified();
  const directory = stores.directory();
  writePicoclaw(source, "chat", 4);
  const { code, stderr } = await turnlog(["--store", directory, "import", source, "--mark-migrated"]);
  expect([code, stderr]).toEqual([0, "1 created; 4 messages added; 1 file marked as migrated\n"]);
  expect(readdirSync(source)).toEqual(["chat.json.migrated"]);
});

test("Ctrl-C ends an import: exit 130, the store is sound, and the next import does the rest", async () => {
  const source = stores.unverified();
  const directory = stores.directory();
  const count = 300;
  for (let n = 0; n < count; n++) writePicoclaw(source, `chat-${n}`, 20);
  const { process, ended } = start(["--store", directory, "import", source]);
  while (logsOf(directory).size < 5) await new Promise((resolve) => setTimeout(resolve, 5));
  process.kill("SIGINT");
  expect(await ended).toMatchObject({ code: 130, stdout: "", stderr: "turnlog: interrupted\n" });
  const done = logsOf(directory);
  expect(done.size).toBeLessThan(count);
  const { stderr } = await turnlog(["--store", directory, "import", source]);
  const rest = count - done.size;
  expect(stderr.replaceAll(",", "")).toBe(`${rest} created ${done.size} unchanged; ${rest * 20} messages added\n`);
  for (const [path, bytes] of done) expect(readFileSync(path)).toEqual(bytes);
});

test("messages from a file or from stdin: recognized, named, grown, and an export through a pipe", async () => {
  const source = stores.unverified();
  const directory = stores.directory();
  const path = join(source, "chat.json");
  const image = `data:image/png;base64,${Buffer.alloc(40_000, 7).toString("base64")}`;
  const messages = [
    { role: "user", content: [{ type: "image_url", image_url: { url: image } }] },
    { role: "assistant", content: "A line." },
  ];
  writeFileSync(path, JSON.stringify(messages));
  const file = await turnlog(["--store", directory, "import", path]);
  expect(file).toEqual({
    code: 0,
    stdout: "created\t2\tchat\n",
    stderr: "1 created; 2 messages added, 1 attachment\n",
  });
  const named = ["--store", directory, "import", "-", "--from", "messages", "--id", "piped"];
  expect((await turnlog(named, { input: JSON.stringify(messages.slice(1)) })).stdout).toBe("created\t1\tpiped\n");
  const grown = await turnlog(named, {
    input: JSON.stringify([...messages.slice(1), { role: "user", content: "And?" }]),
  });
  expect(grown).toEqual({ code: 0, stdout: "grown\t1\tpiped\n", stderr: "1 grown; 1 message added\n" });
  const torn = await turnlog(["--store", directory, "import", "-"], { input: '{"role":"user","content":"x"}\nno' });
  expect(torn.code).toBe(1);
  expect(torn.stderr).toMatch(/^turnlog: -:2: a torn line at the end\n1 created; /);
  const other = stores.directory();
  const { stdout } = await turnlog(["--store", directory, "export", "--format", "ndjson"]);
  expect((await turnlog(["--store", other, "import", "-"], { input: stdout })).stderr).toBe(
    "3 created; 5 messages added, 1 attachment\n",
  );
  expect((await turnlog(["--store", other, "show", "piped"])).stdout).toContain("And?");
  const { code, stderr } = await turnlog(["--store", other, "import", "-"], { input: "text" });
  expect([code, stderr]).toEqual([2, "turnlog: the input is no session file of a known tool, nor has it any\n"]);
});

test("how far an import has come: the bytes that are to be read, how fast, how long yet; nothing of what lies still", () => {
  const at = { sessions: 120, found: 400, messages: 81_234, bytes: 1_260_000_000, totalBytes: 3_000_000_000 };
  expect(importText(at, 4000)).toBe(
    "████░░░░░░ 42 % of 3 GB, 315 MB/s, 6 s left, 120 of 400 sessions, 81,234 messages",
  );
  expect(importText(at, 400)).toBe("████░░░░░░ 42 % of 3 GB, 120 of 400 sessions, 81,234 messages");
  expect(importText({ ...at, bytes: 2_999_999_999 }, 9e6)).toMatch(/^█████████░ 99 % of 3 GB, 333 kB\/s, 1 s left/);
  expect(importText({ ...at, bytes: 3e9, sessions: 400 }, 9e6)).toMatch(
    /^██████████ 100 % of 3 GB, 333 kB\/s, 0 s left/,
  );
  expect(importText({ ...at, bytes: 1e6 }, 2000)).toContain("1 h 40 min left");
  expect(importText({ ...at, bytes: 0, totalBytes: 0, messages: 0 }, 4000)).toBe("120 of 400 sessions, 0 messages");
});

test("how far it has come shows on a terminal after a second, and goes when the import ends", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  try {
    for (const isTTY of [true, false]) {
      const stream = Object.assign(new PassThrough({ encoding: "utf8" }), { isTTY, columns: 20 });
      const progress = new Progress(stream);
      for (const [ms, text] of [
        [900, "too soon"],
        [200, "a line longer than the terminal"],
        [50, "too soon again"],
        [60, "short"],
      ] as const) {
        vi.advanceTimersByTime(ms);
        progress.show(text);
      }
      progress.end();
      progress.end();
      const start = "\r\u001b[K";
      expect(stream.read()).toBe(isTTY ? `${start}a line longer than ${start}short${start}` : null);
    }
  } finally {
    vi.useRealTimers();
  }
});

test("a short import shows its result alone, on a terminal too", async () => {
  const source = stores.unverified();
  writePicoclaw(source, "chat", 4);
  // Short by its own clock, however long this machine takes.
  vi.useFakeTimers({ toFake: ["performance"] });
  try {
    const { stderr } = await turnlogHere(["--store", stores.directory(), "import", source], { isTTY: true });
    expect(stderr).toBe("1 created; 4 messages added\n");
  } finally {
    vi.useRealTimers();
  }
});
