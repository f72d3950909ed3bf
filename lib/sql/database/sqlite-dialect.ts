// SQLite is one connection: whoever has it, has it alone.
import { CompiledQuery, SqliteDialect, SqliteDriver } from "kysely";
import type { DatabaseConnection, SqliteDialectConfig } from "kysely";
import { ENGINE_WAITS_MS } from "./sqlite-file.ts";
import type { SqliteHandle } from "./target.ts";

const BEGIN = CompiledQuery.raw("begin immediate");

/** The end of the last turn that was asked for. Two stores may be open over one handle, and share its transactions. */
const turns = new WeakMap<SqliteHandle, Promise<void>>();

/** A transaction that writes says so when it begins: one that finds out later waits for nobody, and fails. */
export class ImmediateSqlite extends SqliteDialect {
  readonly #handle: SqliteHandle;

  constructor(handle: SqliteHandle) {
    super({ database: handle });
    this.#handle = handle;
  }

  override createDriver(): SqliteDriver {
    return new ImmediateDriver({ database: this.#handle }, this.#handle);
  }
}

class ImmediateDriver extends SqliteDriver {
  readonly #handle: SqliteHandle;
  #endTurn: (() => void) | undefined;

  constructor(config: SqliteDialectConfig, handle: SqliteHandle) {
    super(config);
    this.#handle = handle;
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    const before = turns.get(this.#handle);
    const { promise, resolve } = deferred();
    turns.set(this.#handle, promise);
    await before;
    const connection = await super.acquireConnection();
    this.#endTurn = resolve;
    return connection;
  }

  override async releaseConnection(): Promise<void> {
    const endTurn = this.#endTurn;
    await super.releaseConnection();
    endTurn?.();
  }

  /** An engine that waits stops this thread, and with it whoever in this process has what it waits for. */
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    const [answer] = this.#handle.prepare("pragma busy_timeout").all([]) as Record<string, number>[];
    const [waits = 0] = Object.values(answer ?? {});
    if (waits <= ENGINE_WAITS_MS) return void (await connection.executeQuery(BEGIN));
    this.#wait(ENGINE_WAITS_MS);
    try {
      await connection.executeQuery(BEGIN);
    } finally {
      // A handle that is given has another's timeout.
      this.#wait(waits);
    }
  }

  #wait(ms: number): void {
    this.#handle.prepare(`pragma busy_timeout = ${ms}`).all([]);
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((end) => (resolve = end));
  return { promise, resolve };
}
