// What the databases do not say alike.
import { sql } from "kysely";
import type { Expression, RawBuilder, SelectQueryBuilder, SqlBool } from "kysely";
import type { Runner, Tables } from "./schema.ts";

/** The first `count` rows. SQL Server has no LIMIT but its own. */
export function first<TB extends keyof Tables, O>(
  { dialect }: Runner,
  query: SelectQueryBuilder<Tables, TB, O>,
  count: number,
): SelectQueryBuilder<Tables, TB, O> {
  return dialect === "mssql" ? query.top(count) : query.limit(count);
}

/** True where `text` has `part`, byte for byte. Only by LIKE does PostgreSQL use its index of trigrams. */
export function contains({ dialect }: Runner, text: Expression<string>, part: string): RawBuilder<SqlBool> {
  if (dialect === "sqlite") return sql`instr(${text}, ${part}) > 0`;
  if (dialect === "mssql") return sql`charindex(${part}, ${text}) > 0`;
  return sql`${text} like ${`%${part.replace(/[\\%_]/g, "\\$&")}%`}`;
}

/** What no text that begins with `text` is greater than: SQL Server compares halves of surrogate pairs. */
export function lastWith({ dialect }: Runner, text: string): string {
  return `${text}${dialect === "mssql" ? "\uffff" : "\u{10ffff}"}`;
}
