// Sessions of a contender that stays open from task to task.

/** @typedef {import("./side-tasks.mjs").SideState} SideState */
/** @typedef {import("./contenders/contender.mjs").OpenedSession} OpenedSession */

/**
 * @param {SideState} state
 * @param {string} id
 * @returns {Promise<OpenedSession>}
 */
export async function sessionOf(state, id) {
  state.opened ??= await state.contender.open(state.directory, { durability: state.durability });
  let session = state.handles.get(id);
  if (session === undefined) {
    session = state.opened.session(id);
    state.handles.set(id, session);
  }
  return session;
}

/** @param {SideState} state */
export async function closeAll(state) {
  await state.opened?.close();
  state.opened = undefined;
  state.handles.clear();
}
