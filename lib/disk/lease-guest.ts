// What loading proper-lockfile does to the process, taken back. graceful-fs puts functions of its own in the place of
// fs.close, fs.closeSync, process.cwd and process.chdir; signal-exit listens to every signal and replaces process.emit
// and process.reallyExit, to remove locks at the end. Ours need no such end: a lock that a process left behind is taken
// over at once by its pid. This module is evaluated before proper-lockfile is, and looks how things stand.
import fs from "node:fs";
import { createRequire } from "node:module";
// With it Node itself puts another process.chdir in place, which stays.
import { threadId } from "node:worker_threads";

export { threadId };

type Owner = Record<string, unknown>;

const files = fs as unknown as Owner;
const own = process as unknown as Owner;
const REPLACED: readonly (readonly [Owner, string])[] = [
  [files, "close"],
  [files, "closeSync"],
  [own, "cwd"],
  [own, "chdir"],
];
const REPLACED_TO_LISTEN: readonly (readonly [Owner, string])[] = [
  [own, "emit"],
  [own, "reallyExit"],
];

const before = new Map(
  [...REPLACED, ...REPLACED_TO_LISTEN].map(([owner, name]) => [
    name,
    { value: owner[name], descriptor: Object.getOwnPropertyDescriptor(owner, name) },
  ]),
);

/** Puts back what was replaced since this module was evaluated. What others had replaced before stays as they had it. */
export function putBack(): void {
  for (const [owner, name] of REPLACED) restore(owner, name);
  const listens = REPLACED_TO_LISTEN.some(([owner, name]) => owner[name] !== before.get(name)?.value);
  if (listens && stopListening()) for (const [owner, name] of REPLACED_TO_LISTEN) restore(owner, name);
}

function restore(owner: Owner, name: string): void {
  const descriptor = before.get(name)?.descriptor;
  // What was inherited is inherited again.
  if (descriptor === undefined) delete owner[name];
  else if (owner[name] !== descriptor.value) Object.defineProperty(owner, name, descriptor);
}

/** False: it is out of reach, in a bundle. It stays as it is then: half undone, it would swallow signals. */
function stopListening(): boolean {
  try {
    const ours = createRequire(import.meta.url);
    const theirs = createRequire(ours.resolve("proper-lockfile"));
    (theirs("signal-exit") as { unload(): void }).unload();
    return true;
  } catch {
    return false;
  }
}
