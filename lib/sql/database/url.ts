// A database's URL: what kind it is of, and what of it may be said aloud.
import { ArgumentError } from "../../base/errors.ts";
import type { DialectName } from "./target.ts";

const SCHEMES: Readonly<Record<string, DialectName>> = {
  "postgres:": "postgres",
  "postgresql:": "postgres",
  "mysql:": "mysql",
  "mariadb:": "mysql",
  "mssql:": "mssql",
  "sqlserver:": "mssql",
  "sqlite:": "sqlite",
};
const KINDS = "postgres://, mysql://, mariadb://, mssql:// or sqlite:path";
const SECRET = /pass|pwd|secret|token|key/i;

export interface DatabaseUrl {
  readonly dialect: DialectName;
  readonly text: string;
  /** Not of SQLite. */
  readonly url: URL;
  /** The URL without user and password, and without its options. */
  readonly place: string;
  /** The password as it is written and as it is meant, and what else may not be read. */
  readonly secrets: readonly string[];
  /** Of SQLite. */
  readonly path: string;
}

/** What is wrong with a URL is told without the URL: it may hold a password wherever the mistake is. */
export function parseUrl(text: string): DatabaseUrl {
  const scheme = /^([a-z]+:)/i.exec(text)?.[1]?.toLowerCase() ?? "";
  const dialect = SCHEMES[scheme];
  if (dialect === undefined) throw new ArgumentError("INVALID_ARGUMENT", `the URL of a database begins with ${KINDS}`);
  if (dialect === "sqlite") {
    const path = text.slice(scheme.length).replace(/^\/\/(?=\/|[^/])/, "");
    if (path === "") throw new ArgumentError("INVALID_ARGUMENT", "sqlite: is followed by a path");
    return { dialect, text, url: new URL("sqlite:"), place: `sqlite:${path}`, secrets: [], path };
  }
  let url: URL;
  try {
    url = new URL(text);
    // Both throw where an escape is none, as a driver would later.
    decodeURIComponent(url.password);
    decodeURIComponent(url.username);
  } catch {
    throw new ArgumentError("INVALID_ARGUMENT", `the ${scheme} URL of the database cannot be read`);
  }
  if (url.pathname.length <= 1) {
    throw new ArgumentError("INVALID_ARGUMENT", `the ${scheme} URL names no database: ${scheme}//host/database`);
  }
  const options = [...url.searchParams].filter(([name]) => SECRET.test(name)).map(([, value]) => value);
  const secrets = [url.password, decodeURIComponent(url.password), ...options].filter((each) => each.length > 2);
  return {
    dialect,
    text,
    url,
    place: `${scheme}//${url.host}${url.pathname}`,
    secrets: [...new Set(secrets)].sort((a, b) => b.length - a.length),
    path: "",
  };
}
