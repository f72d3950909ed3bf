// A write: one transaction that has the session's row, from the start again after a conflict that passes.
import type { Kysely } from "kysely";
import { StoreError } from "../../base/errors.ts";
import type { Writing } from "./database.ts";
import { storeError } from "./errors.ts";
import type { ErrorPlace } from "./errors.ts";
import { again } from "./retry.ts";
import type { Ask, Runner, Tables } from "./schema.ts";
import { writing } from "./writing.ts";

export interface WritePlace extends ErrorPlace {
  readonly runner: Runner;
  readonly busyTimeoutMs: number;
}

export async function write<T>(place: WritePlace, name: string, run: (tx: Writing) => Promise<T>): Promise<T> {
  const { runner, dialect, busyTimeoutMs } = place;
  const attempt = new Attempt();
  try {
    return await again({ dialect, busyTimeoutMs, meetsOthers: true }, () => {
      attempt.begin();
      return inTransaction(runner, attempt, name, run);
    });
  } catch (error) {
    // What the caller's function threw is the caller's.
    if (error !== attempt.failure?.error) throw error;
    throw storeError(place, error, `write to session ${name}`, attempt.isCommitting ? "unknown" : "no");
  }
}

/** How far a transaction came, and the first statement of it that failed. */
class Attempt {
  isCommitting = false;
  failure: { error: unknown } | undefined;

  begin(): void {
    this.isCommitting = false;
    this.failure = undefined;
  }

  async watch<T>(statement: () => Promise<T>): Promise<T> {
    try {
      return await statement();
    } catch (error) {
      this.failure ??= { error };
      throw error;
    }
  }
}

async function inTransaction<T>(
  { db, dialect, hasBigrams }: Runner,
  attempt: Attempt,
  name: string,
  run: (tx: Writing) => Promise<T>,
): Promise<T> {
  const transaction = await attempt.watch(() => begin(db, dialect));
  const on: Runner = { db: transaction, dialect, hasBigrams };
  let isOver = false;
  const ask: Ask = (statement) => {
    // A function that was not waited for would write outside any transaction, or into the next.
    if (isOver) return Promise.reject(new StoreError("CLOSED", `the write to session ${name} is over`));
    return attempt.watch(() => statement(on));
  };
  try {
    const result = await run(await writing(ask, name));
    isOver = true;
    // Some databases undo all after a failed statement, and say nothing when they are told to commit.
    if (attempt.failure !== undefined) throw attempt.failure.error;
    attempt.isCommitting = true;
    await attempt.watch(() => transaction.commit().execute());
    return result;
  } catch (error) {
    isOver = true;
    try {
      await transaction.rollback().execute();
    } catch {
      // The server has undone it, or is gone; the first error says why.
    }
    throw error;
  }
}

function begin(
  db: Kysely<Tables>,
  dialect: Runner["dialect"],
): ReturnType<ReturnType<Kysely<Tables>["startTransaction"]>["execute"]> {
  const starting = db.startTransaction();
  // In MySQL's default, two who create neighbours lock the gap between them, and each waits for the other.
  return (
    dialect === "postgres" || dialect === "mysql" ? starting.setIsolationLevel("read committed") : starting
  ).execute();
}
