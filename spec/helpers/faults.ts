// Which faults a run of operations can meet: each operation with each error that a system gives for it, once and for ever,
// and each write short.
import type { Fault, Operation } from "./fault-vfs.ts";

export interface Case {
  readonly name: string;
  readonly isSticky: boolean;
  /** What happens to the operation with this number. */
  at(index: number, operation: Operation, bytes: number | undefined): Fault;
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

/** With `isReduced` fewer errors, of each kind that the code tells from others one. */
export function* faultsOf(
  operations: readonly { readonly operation: Operation; readonly path: string }[],
  isReduced: boolean,
): Generator<Case> {
  for (const [number, { operation, path }] of operations.entries()) {
    const where = `at ${operation} ${number} of ${operations.length} (${path})`;
    for (const [code, of] of Object.entries(OPERATIONS_OF)) {
      if (!IS_LONG && of?.has(operation) === false) continue;
      if (isReduced && !REDUCED.has(code)) continue;
      const fits = (each: Operation): boolean => IS_LONG || of === undefined || of.has(each);
      yield { name: `${code} once ${where}`, isSticky: false, at: (index) => (index === number ? code : undefined) };
      yield {
        name: `${code} for ever ${where}`,
        isSticky: true,
        at: (index, each) => (index >= number && fits(each) ? code : undefined),
      };
    }
    if (operation !== "write") continue;
    for (const [name, count] of SHORT) {
      yield {
        name: `${name} once ${where}`,
        isSticky: false,
        at: (index, _, bytes = 0) => (index === number ? count(bytes) : undefined),
      };
      yield {
        name: `${name} for ever ${where}`,
        isSticky: true,
        at: (index, each, bytes = 0) => (index >= number && each === "write" ? count(bytes) : undefined),
      };
    }
  }
}
