// Which faults a run of operations can meet: each operation with each error that a system gives for it, once and for ever,
// and each write short.
import type { Fault, Operation } from "./fault-vfs.ts";

export interface Case {
  readonly name: string;
  readonly isSticky: boolean;
  /** Asked for one operation after the other: what happens to it. */
  readonly at: (operation: Operation, path: string, bytes: number | undefined) => Fault;
}

const IS_LONG = process.env["TURNLOG_LONG"] !== undefined;

const CHANGES: readonly Operation[] = ["open", "write", "makeDirectory", "link", "rename", "remove"];
const SYNCS: readonly Operation[] = ["sync", "syncDirectory"];
const NAMES: readonly Operation[] = [
  "open",
  "stat",
  "realPath",
  "readText",
  "names",
  "streamNames",
  "makeDirectory",
  "link",
  "rename",
  "remove",
];
/** Whatever is asked of a disk can give it. */
const ANY = "EIO";
/** What gives which error. In the long form everything gives every one. */
const OPERATIONS_OF: Readonly<Record<string, ReadonlySet<Operation> | undefined>> = {
  [ANY]: undefined,
  ENOSPC: new Set([...CHANGES, ...SYNCS]),
  EDQUOT: new Set(["write", ...SYNCS]),
  EACCES: new Set([...NAMES, "syncDirectory"]),
  EMFILE: new Set(["open", "readText", "names", "streamNames", "syncDirectory"]),
  EROFS: new Set(["open", "makeDirectory", "link", "rename", "remove", "write"]),
  EINTR: new Set(["write", "read", "readLater", "sync", "open"]),
};
/** How much of a write is written: nothing, a byte, half, all but a byte. */
const SHORT: readonly (readonly [name: string, count: (bytes: number) => number])[] = [
  ["0 bytes", () => 0],
  ["1 byte", () => 1],
  ["half", (bytes) => bytes >> 1],
  ["all but a byte", (bytes) => bytes - 1],
];

/** An operation by what it is done to: what runs beside a step comes earlier one time and later the next. */
function nameOf(operation: Operation, path: string): string {
  return `${operation} ${path.replace(/[0-9a-f]{16,}/, "aside")}`;
}

/** Undefined until that operation has come so often; from then on true, or true this one time. */
function trigger(name: string, nth: number, isSticky: boolean): (operation: Operation, path: string) => boolean {
  let seen = 0;
  return (operation, path) => {
    const isBefore = seen < nth;
    if (isBefore && nameOf(operation, path) === name) seen++;
    return seen === nth && (isSticky || isBefore);
  };
}

/**
 * All that this run of operations can meet. In the short form each operation fails with EIO once and for ever, and with one
 * of the other errors that it can give, in turn: over all operations of all steps each kind of them gives each error both
 * ways. In the long form each operation gives every one.
 */
export function* faultsOf(
  operations: readonly { readonly operation: Operation; readonly path: string }[],
): Generator<Case> {
  const counts = new Map<string, number>();
  // Steps begin with the same operations: they do not begin with the same error.
  const turns = new Map<Operation, number>();
  for (const [number, { operation, path }] of operations.entries()) {
    const name = nameOf(operation, path);
    const nth = (counts.get(name) ?? 0) + 1;
    counts.set(name, nth);
    const turn = turns.get(operation) ?? operations.length;
    turns.set(operation, turn + 1);
    const where = `at ${operation} ${number} of ${operations.length} (${path})`;
    for (const isSticky of [false, true]) {
      const often = isSticky ? "for ever" : "once";
      for (const code of codesOf(operation, turn, isSticky)) {
        const of = OPERATIONS_OF[code];
        const isHit = trigger(name, nth, isSticky);
        const fits = (each: Operation): boolean => IS_LONG || of === undefined || of.has(each);
        const at: Case["at"] = (each, on) => (isHit(each, on) && fits(each) ? code : undefined);
        yield { name: `${code} ${often} ${where}`, isSticky, at };
      }
      if (operation !== "write") continue;
      for (const [amount, count] of SHORT) {
        const isHit = trigger(name, nth, isSticky);
        const at: Case["at"] = (each, on, bytes = 0) =>
          isHit(each, on) && each === "write" ? count(bytes) : undefined;
        yield { name: `${amount} ${often} ${where}`, isSticky, at };
      }
    }
  }
}

/** What one operation fails with, `turn` being how many of its kind came before it. */
function codesOf(operation: Operation, turn: number, isSticky: boolean): string[] {
  const all = Object.keys(OPERATIONS_OF);
  if (IS_LONG) return all;
  const others = all.filter((code) => OPERATIONS_OF[code]?.has(operation));
  const other = others[(turn >> 1) % others.length];
  return other !== undefined && turn % 2 === Number(isSticky) ? [ANY, other] : [ANY];
}
