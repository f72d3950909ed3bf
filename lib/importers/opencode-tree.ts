// opencode's file tree (up to 1.1): a JSON file for each session, message and part. Their ids are in their paths; migrations
// have moved files without changing what is in them. A message without its session and a part without its message are normal.
import { basename, dirname, join } from "node:path";
import { giveWay } from "../base/turn.ts";
import { isObject } from "../base/object.ts";
import type { OnProblem } from "./importer.ts";
import { parseValue, textIn, timeOf, tolerating } from "./importer.ts";
import { timeOfId } from "./opencode-ids.ts";
import type { Dated } from "./opencode-ids.ts";
import type { Fields, Room, RoomSession } from "./opencode-room.ts";
import { withoutSecrets } from "./opencode-room.ts";
import { kindOf, manyNamesIn, modifiedMs, textOf } from "./source.ts";

const JSON_FILE = /\.json$/;
/** Before the first migration all of a project was below its sessions: session/{info,message,part}. */
const OLD_ROOMS = ["info", "message", "part"];

export class Tree implements Room {
  readonly path: string;
  readonly #onProblem: OnProblem;
  readonly #isOld: boolean;
  readonly #sessions = new Map<string, string>();
  /** Messages of which there is nothing but parts, by the session. */
  readonly #partOnly = new Map<string, string[]>();

  /** `path`: the directory that is called storage. */
  constructor(path: string, onProblem: OnProblem) {
    this.path = path;
    this.#onProblem = onProblem;
    this.#isOld = OLD_ROOMS.some((name) => kindOf(join(path, "session", name)) === "directory");
  }

  async *sessions(): AsyncGenerator<RoomSession> {
    for (const file of await this.#sessionFiles()) {
      await giveWay();
      const id = idOf(file);
      const record = this.#read(file);
      // It can lie in two projects, where a project got its name later.
      const other = this.#sessions.get(id);
      const otherMs = other === undefined ? -1 : updatedMsOf(this.#read(other));
      if (record !== undefined && updatedMsOf(record) > otherMs) this.#sessions.set(id, file);
    }
    for (const [id, path] of this.#sessions) {
      const time = timeIn(this.#read(path));
      const createdMs = timeOf(time["created"]) ?? modifiedMs(path);
      yield { id, path, createdMs, updatedMs: timeOf(time["updated"]) ?? createdMs };
    }
    yield* this.#orphans();
  }

  session(id: string): Promise<Fields | undefined> {
    const path = this.#sessions.get(id);
    const record = path === undefined ? undefined : this.#read(path);
    const rest = path === undefined || this.#isOld ? {} : { projectID: basename(dirname(path)) };
    return Promise.resolve(record === undefined ? undefined : withoutSecrets({ ...record, id, ...rest }));
  }

  async messages(id: string): Promise<Dated[]> {
    const found: Dated[] = [];
    for (const name of await this.#names(this.#room("message"), id)) {
      await giveWay();
      const path = join(this.#room("message"), id, name);
      const record = this.#read(path);
      // The first versions had it in what they called metadata.
      const time = isObject(record?.["metadata"])
        ? { ...timeIn(record["metadata"]), ...timeIn(record) }
        : timeIn(record);
      const ms = timeOf(time["created"]) ?? guessMs(idOf(name), path);
      if (ms !== undefined) found.push({ id: idOf(name), ms });
    }
    for (const message of this.#partOnly.get(id) ?? []) {
      const ms = guessMs(message, this.#partsOf(id, message));
      if (ms !== undefined) found.push({ id: message, ms });
    }
    return found;
  }

  message(session: string, id: string): Promise<Fields | undefined> {
    return Promise.resolve(this.#read(join(this.#room("message"), session, `${id}.json`)));
  }

  async partIds(session: string, message: string): Promise<string[]> {
    return (await manyNamesIn(this.#partsOf(session, message), "files")).filter(isJson).map(idOf);
  }

  part(session: string, message: string, id: string): Promise<Fields | undefined> {
    return Promise.resolve(this.#read(join(this.#partsOf(session, message), `${id}.json`)));
  }

  asides(id: string, session: Fields | undefined): Promise<Fields> {
    const project = session === undefined ? undefined : textIn(session, "projectID");
    const files = {
      project: project === undefined ? undefined : join(this.path, "project", `${project}.json`),
      todo: join(this.path, "todo", `${id}.json`),
      session_diff: join(this.path, "session_diff", `${id}.json`),
    };
    const found: Fields = {};
    for (const [name, path] of Object.entries(files)) {
      const value = path === undefined || !isPlain(basename(path)) ? undefined : this.#value(path);
      if (value !== undefined && !(Array.isArray(value) && value.length === 0)) found[name] = value;
    }
    return Promise.resolve(found);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #room(name: "message" | "part"): string {
    return this.#isOld ? join(this.path, "session", name) : join(this.path, name);
  }

  #partsOf(session: string, message: string): string {
    return this.#isOld ? join(this.#room("part"), session, message) : join(this.#room("part"), message);
  }

  async #names(room: string, session: string): Promise<string[]> {
    return (await manyNamesIn(join(room, session), "files")).filter(isJson);
  }

  async #sessionFiles(): Promise<string[]> {
    const room = join(this.path, "session");
    const directories = this.#isOld ? ["info"] : await manyNamesIn(room, "directories");
    const files: string[] = [];
    for (const name of directories) {
      const names = await manyNamesIn(join(room, name), "files");
      files.push(...names.filter(isJson).map((file) => join(room, name, file)));
    }
    return files;
  }

  /** Messages whose session is not there, and parts whose message is not. */
  async *#orphans(): AsyncGenerator<RoomSession> {
    const sessions = await manyNamesIn(this.#room("message"), "directories");
    const messages = new Set<string>();
    for (const id of sessions) {
      await giveWay();
      for (const name of await this.#names(this.#room("message"), id)) messages.add(idOf(name));
    }
    const owners = this.#isOld ? await manyNamesIn(this.#room("part"), "directories") : [undefined];
    for (const owner of owners) {
      const room = join(this.#room("part"), owner ?? "");
      for (const message of await manyNamesIn(room, "directories")) {
        await giveWay();
        if (!messages.has(message)) await this.#takeParts(owner, message);
      }
    }
    for (const id of new Set([...sessions, ...this.#partOnly.keys()])) {
      if (this.#sessions.has(id)) continue;
      const times = (await this.messages(id)).map(({ ms }) => ms);
      if (times.length === 0) continue;
      const [createdMs, updatedMs] = [times.reduce((a, b) => Math.min(a, b)), times.reduce((a, b) => Math.max(a, b))];
      yield { id, path: join(this.#room("message"), id), createdMs, updatedMs };
    }
  }

  /** Only the parts themselves say whose they are. */
  async #takeParts(owner: string | undefined, message: string): Promise<void> {
    const room = join(this.#room("part"), owner ?? "", message);
    for (const name of await manyNamesIn(room, "files")) {
      const part = isJson(name) ? this.#read(join(room, name)) : undefined;
      if (part === undefined) continue;
      const named = owner ?? textIn(part, "sessionID");
      const session = named === undefined || !isPlain(named) ? message : named;
      this.#partOnly.set(session, [...(this.#partOnly.get(session) ?? []), message]);
      return;
    }
  }

  #read(path: string): Fields | undefined {
    const value = this.#value(path);
    if (value !== undefined && !isObject(value)) this.#onProblem(path, "no record: it is no JSON object");
    return isObject(value) ? value : undefined;
  }

  /** Undefined: there is no such file, or it says nothing; that is told of. */
  #value(path: string): unknown {
    return tolerating(
      path,
      this.#onProblem,
      () => {
        if (kindOf(path) !== "file") return undefined;
        const value = parseValue(textOf(path).replaceAll("\0", ""));
        if (value === undefined) this.#onProblem(path, "does not parse: it is torn, or still being written");
        return value;
      },
      undefined,
    );
  }
}

function isJson(name: string): boolean {
  return JSON_FILE.test(name);
}

/** An id that comes from a file's content and is no way out of the directory. */
function isPlain(name: string): boolean {
  return !/[/\\]|^\.+$/.test(name);
}

function idOf(file: string): string {
  return basename(file).replace(JSON_FILE, "");
}

function timeIn(record: Fields | undefined): Fields {
  const time = record?.["time"];
  return isObject(time) ? time : {};
}

function updatedMsOf(record: Fields | undefined): number {
  const time = timeIn(record);
  return timeOf(time["updated"]) ?? timeOf(time["created"]) ?? 0;
}

/** When a message that says nothing of it was made: its id tells, and its file about when that was. */
function guessMs(id: string, path: string): number | undefined {
  if (kindOf(path) === undefined) return undefined;
  const written = modifiedMs(path);
  return timeOfId(id, written) ?? written;
}
