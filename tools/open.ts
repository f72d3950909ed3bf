// Which store is meant, which session in it, and the store opened for as long as a command needs it.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openMemoryStore, StoreError } from "../lib/index.ts";
import type { Store, StoreWarning } from "../lib/index.ts";
import type { Call } from "./command.ts";
import { EXIT, Failure, wrongUsage } from "./exit.ts";
import { isDatabase, openAt, placeOf } from "./store-at.ts";

const MOST_CANDIDATES = 10;

/** True if a store is there, whatever its state; of a database only who opens it knows. */
export function isStore(place: string): boolean {
  return !isDatabase(place) && existsSync(join(place, "turnlog.json"));
}

/**
 * A directory, or the URL of a database: the option, the environment, ./sessions. In the directory of a store it is that store: its own ./sessions holds logs,
 * and a store made there would lie within the store.
 */
export function storePlace({ args, io }: Call): string {
  const given = args.text("store") ?? (io.env["TURNLOG_STORE"] || undefined);
  if (given !== undefined) return placeOf(io.directory, given);
  const directory = join(io.directory, "sessions");
  return !isStore(directory) && isStore(io.directory) ? io.directory : directory;
}

/**
 * Opens the store and closes it whatever happens. "read" and "write" never make one. A read is given up at Ctrl-C;
 * what writes ends its commit first, and looks at the signal itself.
 */
export async function withStore<T>(
  call: Call,
  mode: "read" | "write" | "create",
  use: (store: Store) => Promise<T>,
): Promise<T> {
  const store = await open(call, mode === "create");
  const told = new Set<string>();
  store.on("warning", (warning) => {
    const text = `turnlog: warning: ${textOf(warning)}`;
    if (!told.has(text)) call.say(text);
    told.add(text);
  });
  try {
    const used = use(store);
    return await (mode === "read" ? Promise.race([used, interruption(call.signal)]) : used);
  } finally {
    await store.close();
  }
}

/** For what brings in other sessions. A dry run makes no store: where there is none, everything would be new. */
export async function withStoreOrTrial<T>(call: Call, use: (store: Store) => Promise<T>): Promise<T> {
  if (!call.args.has("dry-run")) return await withStore(call, "create", use);
  const place = storePlace(call);
  if (isDatabase(place) || isStore(place)) return await withStore(call, "write", use);
  const store = await openMemoryStore();
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

async function open(call: Call, create: boolean): Promise<Store> {
  try {
    return await openAt(storePlace(call), { create });
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== "NOT_FOUND") throw error;
    throw new Failure(
      EXIT.problems,
      `${error.message} (--store or TURNLOG_STORE names another, turnlog init makes one)`,
      { cause: error },
    );
  }
}

function interruption(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

function textOf({ session, message, path, offset }: StoreWarning): string {
  const where = path === undefined ? "" : ` (${path}${offset === undefined ? "" : `, byte ${offset}`})`;
  return `${session === undefined ? "" : `session ${session}: `}${message}${where}`;
}

/** The id of the session that has this id, or else the only one that begins so. */
export async function sessionId(store: Store, given: string | undefined, signal: AbortSignal): Promise<string> {
  if (given === undefined || given === "") throw wrongUsage("a session's id is missing");
  if ((await store.get(given)) !== undefined) return given;
  const found: string[] = [];
  for await (const id of store.ids()) {
    signal.throwIfAborted();
    if (id.startsWith(given)) found.push(id);
    if (found.length > MOST_CANDIDATES) break;
  }
  const [id, another] = found;
  if (id === undefined) throw new Failure(EXIT.problems, `no session ${JSON.stringify(given)}`);
  if (another === undefined) return id;
  const shown = found.slice(0, MOST_CANDIDATES).map((each) => `\n  ${each}`);
  const more = found.length > MOST_CANDIDATES ? "\n  ..." : "";
  throw wrongUsage(`${JSON.stringify(given)} is the beginning of several ids:${shown.join("")}${more}`);
}

/** The only session that the arguments name. */
export async function onlySession(store: Store, { args, signal }: Call): Promise<string> {
  const [given, ...others] = args.positionals;
  if (others.length > 0) throw wrongUsage("only one session can be named");
  return await sessionId(store, given, signal);
}
