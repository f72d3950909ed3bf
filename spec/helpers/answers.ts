// All that a store answers of a session, to be compared with what another one answers.
import { cpSync, mkdirSync } from "node:fs";
import { join, relative } from "node:path";
import { openStore } from "../../lib/index.ts";
import type { Session, StoreWarning } from "../../lib/index.ts";
import { collect } from "./stores.ts";

type Any = Session<any, any>;
type Question = readonly [name: string, ask: (session: Any) => Promise<unknown>];

/** Everything that can be asked of a session by reading; `references` are ids, places and cursors. */
function questions(references: readonly string[]): Question[] {
  const asked: Question[] = [
    ["count", (session) => session.count()],
    ["info", (session) => session.info()],
    ["stats", (session) => session.stats()],
  ];
  for (const reference of references) {
    asked.push(
      [`message ${reference}`, (session) => session.message(reference)],
      [`around ${reference}`, (session) => session.page({ limit: 4, around: reference })],
      [`before ${reference}`, (session) => session.page({ limit: 3, before: reference })],
      [`after ${reference}`, (session) => session.page({ limit: 3, after: reference, parts: false })],
      [`messages after ${reference}`, (session) => collect(session.messages({ after: reference, limit: 2 }))],
      [`messages before ${reference}`, (session) => collect(session.messages({ before: reference, last: 3 }))],
      [`parts ${reference}`, (session) => collect(session.parts(reference))],
    );
  }
  asked.push(
    ["first two", (session) => collect(session.messages({ limit: 2 }))],
    // Who has nothing but the logs reads their ends for it, and counts what is left out there alone.
    ["last page", async (session) => ({ ...(await session.page({ limit: 5 })), skipped: undefined })],
    ["backwards", (session) => collect(session.messages({ reverse: true, limit: 7 }))],
    ["ids", (session) => collect(session.messageIds())],
    ["branches", (session) => session.branches()],
    ["history", (session) => session.history()],
  );
  return asked;
}

async function answer(ask: Question[1], session: Any): Promise<unknown> {
  try {
    return await ask(session);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return { code, message };
  }
}

/**
 * What the store in this directory answers. `each`: every question is put to a store that has answered none yet;
 * otherwise to one store, whose warnings are told, too.
 */
export async function answersOf(
  directory: string,
  id: string,
  references: readonly string[],
  each: boolean,
): Promise<Record<string, unknown>> {
  const answers: Record<string, unknown> = {};
  const warnings: unknown[] = [];
  let store = await openStore<any, any>(directory);
  const note = (warning: StoreWarning): void => {
    warnings.push({ ...warning, path: warning.path === undefined ? undefined : relative(directory, warning.path) });
  };
  store.on("warning", note);
  for (const [name, ask] of questions(references)) {
    if (each) {
      await store.close();
      store = await openStore<any, any>(directory);
    }
    answers[name] = await answer(ask, store.session(id));
  }
  await store.close();
  return each ? answers : { ...answers, warnings };
}

/** The same of a copy that has nothing but the logs. */
export async function scannedAnswersOf(
  directory: string,
  copy: string,
  id: string,
  references: readonly string[],
  each: boolean,
): Promise<Record<string, unknown>> {
  mkdirSync(copy, { recursive: true });
  for (const name of ["turnlog.json", "sessions"])
    cpSync(join(directory, name), join(copy, name), { recursive: true, preserveTimestamps: true });
  return await answersOf(copy, id, references, each);
}
