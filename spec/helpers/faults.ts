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
/** What gives which error. In the long form everything gives every one. */
const OPERATIONS_OF: Readonly<Record<string, ReadonlySet<Operation> | undefined>> = {
  EIO: undefined,
  ENOSPC: new Set([...CHANGES, ...SYNCS]),
  EDQUOT: new Set(["write", ...SYNCS]),
  EACCES: new Set([...NAMES, "syncDirectory"]),
  EMFILE: new Set(["open", "readText", "names", "streamNames", "syncDirectory"]),
  EROFS: new Set(["open", "makeDirectory", "link", "rename", "remove", "write"]),
  EINTR: new Set(["write", "read", "readLater", "sync", "open"]),
};
const REDUCED = new Set(["EIO", "EACCES"]);
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

/** With `isReduced` fewer errors, of each kind that the code tells from others one. */
export function* faultsOf(
  operations: readonly { readonly operation: Operation; readonly path: string }[],
  isReduced: boolean,
): Generator<Case> {
  const counts = new Map<string, number>();
  for (const [number, { operation, path }] of operations.entries()) {
    const name = nameOf(operation, path);
    const nth = (counts.get(name) ?? 0) + 1;
    counts.set(name, nth);
    const where = `at ${operation} ${number} of ${operations.length} (${path})`;
    for (const isSticky of [false, true]) {
      const often = isSticky ? "for ever" : "once";
      for (const [code, of] of Object.entries(OPERATIONS_OF)) {
        if (!IS_LONG && of?.has(operation) === false) continue;
        if (isReduced && !REDUCED.has(code)) continue;
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
