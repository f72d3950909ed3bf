// Many appends, of any sessions, in one transaction.

/** @typedef {import("./contender.mjs").OpenedSession} OpenedSession */

/**
 * @param {import("./sqlite-tables.mjs").Database} database
 * @param {(id: string) => OpenedSession} sessions whose `put` runs within a transaction
 * @returns {(id: string) => OpenedSession}
 */
export function grouped(database, sessions) {
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  /** @type {{ add: () => void, resolve: () => void }[]} */
  let waiting = [];
  const settle = () => {
    const served = waiting;
    waiting = [];
    begin.run();
    for (const { add } of served) add();
    commit.run();
    for (const { resolve } of served) resolve();
  };
  return (id) => {
    const session = sessions(id);
    return {
      ...session,
      append: (message) =>
        new Promise((resolve) => {
          if (waiting.length === 0) setImmediate(settle);
          waiting.push({ add: () => session.insert?.(message), resolve: () => resolve(undefined) });
        }),
    };
  };
}
