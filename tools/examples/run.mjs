// `npm run example NAME ...`, or `--all`: installs an example's framework beside it, and runs it with turnlog as it is built here.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const known = readdirSync(here, { withFileTypes: true }).filter((entry) => entry.isDirectory());
const names = known.map(({ name }) => name);
const asked = process.argv[2] === "--all" ? names : process.argv.slice(2);

if (asked.length === 0 || asked.some((name) => !names.includes(name))) {
  process.stderr.write(`usage: npm run example -- NAME ... | --all\nexamples: ${names.join(", ")}\n`);
  process.exit(2);
}
for (const name of asked) {
  process.stderr.write(`\n# ${name}\n`);
  // Optional packages are programs of hundreds of megabytes, which no example calls.
  npm(name, "install", "--omit=optional", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error");
  npm(name, "start", "--silent");
}

/**
 * @param {string} name
 * @param {...string} args
 */
function npm(name, ...args) {
  const { status } = spawnSync("npm", args, {
    cwd: `${here}${name}`,
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (status !== 0) process.exit(status ?? 1);
}
