// The tables, as each database takes them: every unique key begins with the session whose it is (an attachment's with its hash), so
// that they can be spread over many servers by that, and there are no foreign keys, sequences or triggers. Each statement is run outside a transaction.
import type { DialectName } from "./target.ts";

/** Databases that speak another's language, and not all of it. */
export type Flavour = DialectName | "cockroach" | "mariadb" | "tidb";

interface Words {
  /** ASCII that compares byte by byte. */
  readonly key: (length: number) => string;
  /** Any text of at most so many characters, comparing as its code points do. */
  readonly label: (length: number) => string;
  readonly text: string;
  readonly bytes: string;
  readonly whole: string;
  readonly small: string;
}

const POSTGRES: Words = {
  key: (length) => `varchar(${length}) collate "C"`,
  label: (length) => `varchar(${length}) collate "C"`,
  text: "text",
  bytes: "bytea",
  whole: "bigint",
  small: "integer",
};
const MYSQL: Words = {
  key: (length) => `varchar(${length}) character set ascii collate ascii_bin`,
  label: (length) => `varchar(${length}) character set utf8mb4 collate utf8mb4_bin`,
  text: "longtext character set utf8mb4 collate utf8mb4_bin",
  bytes: "longblob",
  whole: "bigint",
  small: "integer",
};
// The driver's parameters are nvarchar: of a varchar column no index would be used.
const MSSQL: Words = {
  key: (length) => `nvarchar(${length}) collate Latin1_General_100_BIN2`,
  label: (length) => `nvarchar(${length}) collate Latin1_General_100_BIN2`,
  text: "nvarchar(max) collate Latin1_General_100_BIN2",
  bytes: "varbinary(max)",
  whole: "bigint",
  small: "int",
};
const SQLITE: Words = {
  key: () => "text",
  label: () => "text",
  text: "text",
  bytes: "blob",
  whole: "integer",
  small: "integer",
};
const WORDS: Readonly<Record<Flavour, Words>> = {
  postgres: POSTGRES,
  // Its texts compare byte by byte, and not every version knows the name of that.
  cockroach: { ...POSTGRES, key: (length) => `varchar(${length})`, label: (length) => `varchar(${length})` },
  mysql: MYSQL,
  mariadb: MYSQL,
  tidb: MYSQL,
  mssql: MSSQL,
  sqlite: SQLITE,
};

/** An index's columns, the first of which may go downwards. */
const INDEXES: Readonly<Record<string, readonly string[]>> = {
  updated: ["updated desc", "name"],
  created: ["created desc", "name"],
  parent: ["parent_key", "updated desc", "name"],
  project: ["project_key", "updated desc", "name"],
  modified: ["modified", "name"],
  deleted: ["deleted_ms", "name"],
  id: ["id_text"],
};

interface Table {
  readonly columns: Readonly<Record<string, string>>;
  readonly primary: readonly string[];
}

function tables({ key, label, text, bytes, whole, small }: Words): Record<string, Table> {
  return {
    session: {
      columns: {
        name: key(200),
        id: text,
        kind: small,
        updated: key(38),
        created: key(38),
        info: text,
        prompt: `${text} null`,
        logs: text,
        changes: whole,
        deleted_ms: whole,
        modified: whole,
        project_key: key(32),
        directory_key: key(32),
        parent_key: key(32),
        title_key: key(32),
        archived: small,
        pinned: small,
        tags: text,
        title_text: text,
        id_text: label(500),
      },
      primary: ["name"],
    },
    line: {
      columns: {
        session: key(200),
        position: whole,
        stamp: key(38),
        length: whole,
        chunks: key(32),
        text,
      },
      primary: ["session", "position"],
    },
    blob: {
      columns: { hash: key(64), bytes: whole, chunks: key(32), created_ms: whole },
      primary: ["hash"],
    },
    chunk: {
      columns: { session: key(200), owner: key(32), part: small, data: bytes },
      primary: ["session", "owner", "part"],
    },
    store: { columns: { name: key(32), format: small, machine: key(64) }, primary: ["name"] },
  };
}

/** What makes the tables where they are not. `store` comes last: a store is one that has it. */
export function definitions(flavour: Flavour): string[] {
  const quote = quoting(flavour);
  const list = (columns: readonly string[]): string => columns.map((each) => quoteFirst(each, quote)).join(", ");
  const isMysql = WORDS[flavour] === MYSQL;
  const statements: string[] = [];
  for (const [name, { columns, primary }] of Object.entries(tables(WORDS[flavour]))) {
    const parts = Object.entries(columns).map(
      ([column, type]) => `${quote(column)} ${type}${type.endsWith(" null") ? "" : " not null"}`,
    );
    parts.push(`primary key (${list(primary)})`);
    const indexes = name === "session" ? Object.entries(INDEXES) : [];
    // It has no "if not exists" for an index by itself.
    if (isMysql) for (const [index, on] of indexes) parts.push(`index ${quote(indexName(index))} (${list(on)})`);
    const body = `${quote(name)} (${parts.join(", ")})`;
    if (flavour === "mssql") statements.push(`if object_id(N'${name}', N'U') is null create table ${body}`);
    else if (isMysql) {
      statements.push(
        `create table if not exists ${body} engine = InnoDB default character set utf8mb4 collate utf8mb4_bin`,
      );
    } else statements.push(`create table if not exists ${body}`);
    if (isMysql) continue;
    for (const [index, on] of indexes) {
      const made = `${quote(indexName(index))} on ${quote(name)} (${list(on)})`;
      statements.push(
        flavour === "mssql"
          ? `if not exists (select 1 from sys.indexes where name = N'${indexName(index)}' and object_id = object_id(N'${name}'))
create index ${made}`
          : `create index if not exists ${made}`,
      );
    }
  }
  return statements;
}

/** What makes the search of titles fast where the server can and lets us; to be run on one connection. */
export function titleIndex(flavour: Flavour): string[] {
  if (flavour === "postgres" || flavour === "cockroach") {
    return [
      "create extension if not exists pg_trgm",
      `create index if not exists ${indexName("titles")} on "session" using gin ("title_text" gin_trgm_ops)`,
    ];
  }
  if (flavour !== "mysql") return [];
  return [
    // Else every bigram with an "a" or an "i" in it were left out: both are words that count for nothing.
    "set session innodb_ft_enable_stopword = off",
    `alter table \`session\` add fulltext index \`${indexName("titles")}\` (\`title_text\`) with parser ngram`,
    "set session innodb_ft_enable_stopword = default",
  ];
}

/** Asks for every column and no row. */
export function checks(flavour: Flavour): string[] {
  const quote = quoting(flavour);
  return Object.entries(tables(WORDS[flavour])).map(
    ([name, { columns }]) => `select ${Object.keys(columns).map(quote).join(", ")} from ${quote(name)} where 1 = 0`,
  );
}

/** Of some databases an index's name is the whole schema's. */
function indexName(name: string): string {
  return `turnlog_session_${name}`;
}

function quoting(flavour: Flavour): (name: string) => string {
  if (WORDS[flavour] === MYSQL) return (name) => `\`${name}\``;
  return flavour === "mssql" ? (name) => `[${name}]` : (name) => `"${name}"`;
}

function quoteFirst(column: string, quote: (name: string) => string): string {
  const [name = "", ...rest] = column.split(" ");
  return [quote(name), ...rest].join(" ");
}
