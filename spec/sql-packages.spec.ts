// The database layer where its packages are not installed: importing it needs none of them, and opening says which.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const scratch = mkdtempSync(join(tmpdir(), "turnlog-sql-"));
afterAll(() => rmSync(scratch, { recursive: true }));

beforeAll(async () => {
  const bundle = await rolldown({
    input: { database: join(root, "lib/sql/database/database.ts") },
    platform: "node",
    external: (id) => !/^[./]/.test(id),
  });
  await bundle.write({ dir: join(scratch, "sql") });
  await bundle.close();
  writeFileSync(join(scratch, "package.json"), '{"type":"module"}');
  writeFileSync(
    join(scratch, "main.mjs"),
    `const { openDatabase } = await import("./sql/database.js");
    const settings = { create: true, statementTimeoutMs: 1000, busyTimeoutMs: 1000, maxConnections: 1 };
    const answers = [];
    for (const url of process.argv.slice(2)) {
      const opened = openDatabase(url, settings);
      answers.push(await opened.then((database) => database.machine, ({ name, code, message }) => ({ name, code, message })));
    }
    console.log(JSON.stringify(answers));`,
  );
});

function opened(...urls: string[]): any[] {
  const output = execFileSync(process.execPath, [join(scratch, "main.mjs"), ...urls], { encoding: "utf8" });
  return JSON.parse(output) as any[];
}

test("without the query builder", () => {
  expect(opened()).toEqual([]);
  expect(opened("postgres://h/d")).toEqual([
    { name: "StoreError", code: "IO", message: expect.stringContaining("npm install kysely") },
  ]);
});

test("with it, and without a driver", () => {
  mkdirSync(join(scratch, "node_modules"));
  cpSync(join(root, "node_modules/kysely"), join(scratch, "node_modules/kysely"), { recursive: true });
  const answers = opened("postgres://h/d", "mysql://h/d", "mssql://h/d", "sqlite::memory:");
  for (const [n, name] of ["pg", "mysql2", "tedious"].entries()) {
    const message = expect.stringMatching(new RegExp(`npm install ${name}$`));
    expect(answers[n]).toEqual({ name: "StoreError", code: "IO", message });
  }
  // Later Nodes bring SQLite themselves.
  const sqlite = answers[3] as string | { message: string };
  expect(typeof sqlite === "string" ? sqlite : sqlite.message).toMatch(/^sqlite-|npm install better-sqlite3/);
});
