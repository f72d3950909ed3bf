// Database servers for specs, each on a free port of 127.0.0.1 with data of its own: one of each kind that all spec files of
// a run share, and those that a spec starts for itself, to kill them.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { ServerProcess } from "./server-process.ts";
import type { Kind } from "./server-process.ts";
import { askForServer } from "./shared-servers.ts";

export interface Server {
  /** With a user who may do anything, and without a password. */
  readonly url: string;
  /** kill -9 of the server and of every process that it has. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data; resolves when it takes connections. One that runs is killed first. */
  restart(): Promise<void>;
  /** Ends it, and removes its data. */
  stop(): Promise<void>;
}

const VARIABLES = { postgres: "TURNLOG_TEST_POSTGRES_URL", mariadb: "TURNLOG_TEST_MARIADB_URL" } as const;
const POSTGRES_DIRECTORIES = "/usr/lib/postgresql";

/** The address of the PostgreSQL that this run's specs share: make a database there. Undefined: there is none here. */
export async function sharedPostgres(): Promise<string | undefined> {
  return await shared("postgres");
}

/** The same of MariaDB. */
export async function sharedMariaDb(): Promise<string | undefined> {
  return await shared("mariadb");
}

export async function startPostgres(): Promise<Server> {
  return await ServerProcess.start(postgres());
}

export async function startMariaDb(): Promise<Server> {
  return await ServerProcess.start(mariadb());
}

/** Where the variable has no address, a server is started with the first question for it. */
async function shared(kind: keyof typeof VARIABLES): Promise<string | undefined> {
  const variable = VARIABLES[kind];
  const given = process.env[variable];
  if (given !== undefined && given !== "") return given;
  if (!isInstalled(kind)) {
    // What is tested on a release must be all, so nothing is left out there in silence.
    if (process.env["CI"]) throw new Error(`${kind} is not installed, and CI is set: its specs must run`);
    process.stderr.write(`SKIPPED: ${kind} is not installed, and ${variable} is not set\n`);
    return undefined;
  }
  return (process.env[variable] = await askForServer(kind));
}

/** How the servers are made and run, by their kind. */
export const KINDS: { readonly [K in keyof typeof VARIABLES]: () => Kind } = { postgres, mariadb };

function isInstalled(kind: keyof typeof VARIABLES): boolean {
  const programs = kind === "postgres" ? ["initdb", "postgres"] : ["mariadb-install-db", "mariadbd"];
  return programs.every((program) => find(program) !== undefined);
}

function postgres(): Kind {
  return {
    // It refuses to run as root.
    user: "postgres",
    // Nothing pulls the plug in a spec: what a kill -9 leaves is in the kernel, and commits need not wait for the disk.
    arguments: (data, port) => [
      must("postgres"),
      "-D",
      data,
      "-p",
      String(port),
      "-h",
      "127.0.0.1",
      "-k",
      "",
      "-c",
      "fsync=off",
      "-c",
      "full_page_writes=off",
      "-c",
      "max_connections=200",
      "-c",
      "shared_buffers=32MB",
    ],
    initialise(data, user) {
      const options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"];
      execFileSync(must("initdb"), ["-D", data, ...options], { stdio: "pipe", ...user });
    },
    ready: /database system is ready to accept connections/,
    url: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
  };
}

function mariadb(): Kind {
  return {
    user: "mysql",
    arguments: (data, port) => [
      must("mariadbd"),
      "--no-defaults",
      `--datadir=${data}`,
      `--port=${port}`,
      "--bind-address=127.0.0.1",
      `--socket=${join(data, "socket")}`,
      `--pid-file=${join(data, "pid")}`,
      `--init-file=${join(data, "begin.sql")}`,
      "--skip-log-bin",
      "--skip-name-resolve",
      "--max-connections=200",
      "--character-set-server=utf8mb4",
      // As with PostgreSQL: each commit reaches the kernel, and the disk when it likes.
      "--innodb-flush-log-at-trx-commit=2",
    ],
    initialise(data, user) {
      const options = [
        "--no-defaults",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        "--skip-name-resolve",
      ];
      execFileSync(must("mariadb-install-db"), [...options, `--datadir=${data}`], { stdio: "pipe", ...user });
      writeFileSync(join(data, "begin.sql"), "CREATE DATABASE IF NOT EXISTS turnlog;\n", { mode: 0o644 });
    },
    ready: /ready for connections/,
    url: (port) => `mariadb://root@127.0.0.1:${port}/turnlog`,
  };
}

function must(program: string): string {
  const path = find(program);
  if (path === undefined) throw new Error(`${program} is not installed`);
  return path;
}

/** On the path, or where Debian has the programs of PostgreSQL, the newest version first. */
function find(program: string): string | undefined {
  const versions = existsSync(POSTGRES_DIRECTORIES) ? readdirSync(POSTGRES_DIRECTORIES) : [];
  const own = versions.toSorted((a, b) => Number(b) - Number(a)).map((each) => join(POSTGRES_DIRECTORIES, each, "bin"));
  const directories = [...own, ...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return directories.map((directory) => join(directory, program)).find((path) => existsSync(path));
}
