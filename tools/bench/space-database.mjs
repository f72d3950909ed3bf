// opencode's three tables, to be cut down.
import fs from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { messageId } from "./contenders/contender.mjs";
import { OPENCODE, opencodeSessions, PRAGMAS } from "./contenders/sqlite-tables.mjs";

export class SpaceDatabase {
  #database;
  #autoVacuum;
  #sessions;
  /** @type {Map<string, number>} */
  #counts = new Map();

  /**
   * @param {string} directory
   * @param {"NONE" | "INCREMENTAL"} autoVacuum
   */
  constructor(directory, autoVacuum) {
    fs.mkdirSync(directory);
    this.#database = new Database(join(directory, "sessions.db"));
    this.#autoVacuum = autoVacuum;
    this.#database.pragma(`auto_vacuum = ${autoVacuum}`);
    for (const pragma of [...PRAGMAS, "synchronous = NORMAL", "foreign_keys = ON"]) this.#database.pragma(pragma);
    this.#database.exec(OPENCODE);
    this.#sessions = opencodeSessions(this.#database);
  }

  /**
   * @param {string} id
   * @param {Iterable<import("./messages.mjs").Message>} messages
   */
  fill(id, messages) {
    const list = [...messages];
    this.#counts.set(id, (this.#counts.get(id) ?? 0) + list.length);
    this.#sessions(id).appendAll(list);
  }

  /**
   * @param {string} id
   * @param {number} kept
   */
  truncate(id, kept) {
    const first = `${id}-${messageId((this.#counts.get(id) ?? 0) - kept)}`;
    const { changes } = this.#database.prepare("DELETE FROM message WHERE session_id = ? AND id < ?").run(id, first);
    if (changes !== (this.#counts.get(id) ?? 0) - kept) throw new Error(`${changes} messages of ${id} were deleted`);
  }

  /** Its messages and parts go with it. */
  remove(/** @type {string} */ id) {
    this.#database.prepare("DELETE FROM session WHERE id = ?").run(id);
  }

  /** Gives the space of what was deleted back to the file system. */
  reclaim() {
    if (this.#autoVacuum === "NONE") this.#database.exec("VACUUM");
    else this.#database.exec("PRAGMA incremental_vacuum");
  }

  close() {
    this.#database.close();
  }
}
