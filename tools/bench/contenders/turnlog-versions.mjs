// The library, with every version of a text that grows written at once.
import { open as openTurnlog } from "./turnlog.mjs";

export const title = "turnlog, each version written";

/** @type {import("./contender.mjs").Contender["open"]} */
export async function open(directory, options) {
  const { session, close } = await openTurnlog(directory, options);
  return {
    session(id) {
      const opened = session(id);
      return { ...opened, putText: (text) => opened.putText(text, true) };
    },
    close,
  };
}
