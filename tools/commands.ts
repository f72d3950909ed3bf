// The verbs.
import type { Command } from "./command.ts";
import { archive, unarchive } from "./commands/archive.ts";
import { append } from "./commands/append.ts";
import { compact } from "./commands/compact.ts";
import { copy } from "./commands/copy.ts";
import { exportMessages } from "./commands/export.ts";
import { grep } from "./commands/grep.ts";
import { importSessions } from "./commands/import.ts";
import { info } from "./commands/info.ts";
import { init } from "./commands/init.ts";
import { ls } from "./commands/ls.ts";
import { machine } from "./commands/machine.ts";
import { merge } from "./commands/merge.ts";
import { prune } from "./commands/prune.ts";
import { purge } from "./commands/purge.ts";
import { repair } from "./commands/repair.ts";
import { restore } from "./commands/restore.ts";
import { rm } from "./commands/rm.ts";
import { search } from "./commands/search.ts";
import { show } from "./commands/show.ts";
import { stats } from "./commands/stats.ts";
import { trash } from "./commands/trash.ts";
import { truncate } from "./commands/truncate.ts";
import { verify } from "./commands/verify.ts";
import { unlock } from "./commands/unlock.ts";

export const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ["init", init],
  ["ls", ls],
  ["search", search],
  ["show", show],
  ["grep", grep],
  ["info", info],
  ["append", append],
  ["truncate", truncate],
  ["rm", rm],
  ["trash", trash],
  ["restore", restore],
  ["purge", purge],
  ["prune", prune],
  ["archive", archive],
  ["unarchive", unarchive],
  ["import", importSessions],
  ["merge", merge],
  ["copy", copy],
  ["export", exportMessages],
  ["stats", stats],
  ["verify", verify],
  ["repair", repair],
  ["compact", compact],
  ["machine", machine],
  ["unlock", unlock],
]);

/** What other tools call these. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  list: "ls",
  sessions: "ls",
  cat: "show",
  log: "show",
  find: "grep",
  add: "append",
  delete: "rm",
  remove: "rm",
  create: "init",
  check: "verify",
  fsck: "verify",
  fix: "repair",
  vacuum: "compact",
  undelete: "restore",
  erase: "purge",
  gc: "prune",
  du: "stats",
  adopt: "machine",
  whoami: "machine",
  migrate: "copy",
  sync: "merge",
  pull: "merge",
};

/** The verb that somebody may have meant. */
export function meant(verb: string): string | undefined {
  if (Object.hasOwn(OTHER_NAMES, verb)) return OTHER_NAMES[verb];
  return [...COMMANDS.keys()].find((name) => verb !== "" && (name.startsWith(verb) || verb.startsWith(name)));
}
