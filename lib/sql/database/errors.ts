// What a database says went wrong, as this library's errors. A driver's error may hold a statement with its texts, or the
// URL with its password: of it only the code and the message are kept, without what must not be read.
import { ArgumentError, StoreError } from "../../base/errors.ts";
import type { StoreErrorCode, Written } from "../../base/errors.ts";
import type { DialectName } from "./target.ts";

/**
 * `conflict`: it passes, and the whole is done again. `busy`: another has what is needed, for a time. `unique`: the row is
 * there already. `exists`: the table or index is. `missing`: there is no such table.
 */
type Passing = "conflict" | "busy" | "unique" | "exists";
type Meaning = Passing | "missing" | StoreErrorCode;

const POSTGRES: Readonly<Record<string, Meaning>> = {
  "40001": "conflict",
  "40P01": "conflict",
  "55P03": "busy",
  "23505": "unique",
  "42P07": "exists",
  "42710": "exists",
  "42P01": "missing",
  "42703": "NOT_A_STORE",
  "3D000": "NOT_FOUND",
  "3F000": "NOT_FOUND",
  "28P01": "NO_ACCESS",
  "28000": "NO_ACCESS",
  "42501": "NO_ACCESS",
  "25006": "READ_ONLY",
  "53100": "NO_SPACE",
};
const MYSQL: Readonly<Record<string, Meaning>> = {
  "1213": "conflict",
  "1020": "conflict",
  // TiDB's write conflicts.
  "8002": "conflict",
  "8022": "conflict",
  "9007": "conflict",
  "1205": "busy",
  "3572": "busy",
  "1062": "unique",
  "1586": "unique",
  "1050": "exists",
  "1061": "exists",
  "1146": "missing",
  "1054": "NOT_A_STORE",
  "1049": "NOT_FOUND",
  "1044": "NO_ACCESS",
  "1045": "NO_ACCESS",
  "1142": "NO_ACCESS",
  "1143": "NO_ACCESS",
  "1227": "NO_ACCESS",
  "1698": "NO_ACCESS",
  "1290": "READ_ONLY",
  "1792": "READ_ONLY",
  "1836": "READ_ONLY",
  "1021": "NO_SPACE",
  "1114": "NO_SPACE",
};
const MSSQL: Readonly<Record<string, Meaning>> = {
  "1205": "conflict",
  "3960": "conflict",
  "1222": "busy",
  "2627": "unique",
  "2601": "unique",
  "2714": "exists",
  "1913": "exists",
  "208": "missing",
  "207": "NOT_A_STORE",
  "4060": "NOT_FOUND",
  "18456": "NO_ACCESS",
  ELOGIN: "NO_ACCESS",
  "229": "NO_ACCESS",
  "262": "NO_ACCESS",
  "916": "NO_ACCESS",
  "3906": "READ_ONLY",
  "1101": "NO_SPACE",
  "1105": "NO_SPACE",
  "9002": "NO_SPACE",
};
/** Its three drivers have codes of three kinds, and the same messages. */
const SQLITE: readonly (readonly [RegExp, Meaning])[] = [
  // Of a handle that is given, its owner may have begun one.
  [/is locked|within a transaction/, "busy"],
  [/UNIQUE constraint failed/, "unique"],
  [/already exists/, "exists"],
  [/no such table/, "missing"],
  [/no such column|has no column|file is not a database/, "NOT_A_STORE"],
  [/unable to open database file/, "NO_ACCESS"],
  [/readonly database/, "READ_ONLY"],
  [/disk is full/, "NO_SPACE"],
  [/malformed/, "DAMAGED"],
];
const CODES = { postgres: POSTGRES, mysql: MYSQL, mssql: MSSQL };
/** SQL Server gives several errors at once, of which the last may only say that there were some. */
type Code = string | number | undefined;
type Raw = { code?: Code; errno?: Code; number?: Code; message?: string } | null | undefined;

export function passing(dialect: DialectName, error: unknown): Passing | undefined {
  const meaning = meaningOf(dialect, error);
  return meaning === "conflict" || meaning === "busy" || meaning === "unique" || meaning === "exists"
    ? meaning
    : undefined;
}

export function isMissingTable(dialect: DialectName, error: unknown): boolean {
  return meaningOf(dialect, error) === "missing";
}

function meaningOf(dialect: DialectName, error: unknown): Meaning | undefined {
  for (const raw of rawErrors(error)) {
    const message = raw?.message ?? "";
    if (dialect === "sqlite") {
      const known = SQLITE.find(([pattern]) => pattern.test(message));
      if (known !== undefined) return known[1];
      continue;
    }
    const codes = CODES[dialect];
    for (const code of [raw?.number, raw?.errno, raw?.code]) {
      const meaning = codes[String(code)];
      if (meaning !== undefined) return meaning;
    }
    // What the engine below MySQL's says: ENOSPC.
    if (dialect === "mysql" && /error:? 28\b/.test(message)) return "NO_SPACE";
  }
  return undefined;
}

function rawErrors(error: unknown): Raw[] {
  if (Array.isArray(error)) return error as Raw[];
  return error instanceof AggregateError ? [error, ...(error.errors as Raw[])] : [error as Raw];
}

export interface ErrorPlace {
  readonly dialect: DialectName;
  readonly place: string;
  /** What is to be in no message. */
  readonly secrets: readonly string[];
}

/** `action` completes "could not ...". What this library throws itself passes. */
export function storeError(
  { dialect, place, secrets }: ErrorPlace,
  error: unknown,
  action: string,
  written?: Written,
): unknown {
  if (error instanceof StoreError || error instanceof ArgumentError) return error;
  const meaning = meaningOf(dialect, error);
  const cause = causeOf(error, secrets);
  return new StoreError(codeOf(meaning), `could not ${action} in ${place}: ${cause.message}`, { cause, written });
}

function codeOf(meaning: Meaning | undefined): StoreErrorCode {
  if (meaning === undefined) return "IO";
  if (meaning === "missing") return "NOT_A_STORE";
  if (meaning === "busy") return "SESSION_BUSY";
  return meaning === "conflict" || meaning === "unique" || meaning === "exists" ? "CONFLICT" : meaning;
}

/** The error without what it carries along. */
function causeOf(error: unknown, secrets: readonly string[]): Error {
  const raws = rawErrors(error);
  const said = raws.map((raw) => raw?.message ?? "").filter((message) => message !== "");
  const [first] = raws;
  const code = first?.code ?? first?.number ?? first?.errno;
  let message = [...new Set(said)].join("; ") || String(code ?? "no reason was given");
  for (const secret of secrets) message = message.replaceAll(secret, "***");
  const cause = new Error(message);
  return code === undefined ? cause : Object.assign(cause, { code });
}
