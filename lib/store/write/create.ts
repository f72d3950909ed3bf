// A log appears whole: its header and its first commit are written aside and get their name together, so no session
// without a header is ever seen, and of two processes that make the same session one is told that it exists.
import { dirname } from "node:path";
import { errno, ioError, StoreError } from "../../base/errors.ts";
import type { Written } from "../../base/errors.ts";
import { Aside, syncUp } from "../../disk/aside.ts";
import { monthOf } from "../../disk/names.ts";
import type { Stamp } from "../../line/stamp.ts";
import { Log } from "../../log/log.ts";
import type { SessionState } from "../session-state.ts";

/**
 * Makes this machine's log of the session. `write` fills it. Throws EXISTS if there is one by now.
 * If we crash before it has its name, there is no session; after that, all of it.
 */
export async function createLog(session: SessionState, first: Stamp, write: (aside: Aside) => unknown): Promise<Log> {
  const { store, id } = session;
  const { vfs, layout } = store;
  const path = layout.log(store.machine, monthOf(first.ms), session.name);
  let written: Written = "no";
  let log: Log;
  try {
    const aside = new Aside(vfs, layout.aside);
    try {
      await write(aside);
      // Its name must not reach the disk before its bytes do.
      if (store.settings.durability === "power") await aside.file.sync();
      aside.publish(path);
      written = "unknown";
    } finally {
      aside.discard();
    }
    if (store.settings.durability === "power") {
      await syncUp(vfs, layout.root, [dirname(path)]);
    } else {
      store.background.addDirectory(dirname(path));
    }
    log = ownLog(session, path);
  } catch (error) {
    if (errno(error) === "EEXIST") {
      throw new StoreError("EXISTS", `session ${JSON.stringify(id)} exists`, { session: id, path, cause: error });
    }
    // What fills the log can be stopped by its caller, too.
    if (errno(error) === undefined) throw error;
    throw ioError(error, "make the session's log", { session: id, path, written });
  }
  session.writer?.created();
  return log;
}

/** The log as one of the session's, unless a reader has found it already. */
function ownLog(session: SessionState, path: string): Log {
  const { store } = session;
  const found = session.logs.find((each) => each.path === path);
  if (found !== undefined) return found;
  const log = new Log(path, store.machine, session.logs.length, "append");
  log.reopen(store.descriptors);
  log.covered = log.size;
  log.readAtMs = Number.POSITIVE_INFINITY;
  session.logs.push(log);
  session.setOwnLog(log);
  return log;
}
