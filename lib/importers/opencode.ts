// opencode: a file tree up to 1.1, a SQLite database since; both can lie side by side, and the younger does not know all that
// the older has. Sessions are known by their ids, wherever they lie.
import { basename, isAbsolute, join } from "node:path";
import { giveWay } from "../base/turn.ts";
import type { Importer, OnProblem, SourceSession } from "./importer.ts";
import { tolerating, toleratingLater } from "./importer.ts";
import { DatabaseRoom } from "./opencode-database.ts";
import { ExportRoom, isOpencodeExport } from "./opencode-export.ts";
import type { Room, RoomSession } from "./opencode-room.ts";
import { readOpencode } from "./opencode-session.ts";
import { Tree } from "./opencode-tree.ts";
import { directoryOf, home, kindOf, namesIn, peek } from "./source.ts";
import { isSqlite } from "./sqlite.ts";
import { sqliteReader } from "./sqlite-readers.ts";

/** A database of any release, also the one that was proposed and never released. */
const DATABASE = /^opencode(?:-[\w.-]+)?\.(?:db|sqlite)$/;
const DATABASE_LIKE = /\.(?:db|sqlite3?)$/;
const MOST_LEVELS = 8;
const OTHER_DIRECTORIES: ReadonlySet<string> = new Set(["node_modules", ".git"]);
/** What else opencode keeps in its directory: no sessions, or secrets. */
const OTHER_ROOMS: ReadonlySet<string> = new Set(["snapshot", "log", "bin", "tool-output", "worktree", "share"]);

interface Place {
  readonly kind: "tree" | "database" | "export";
  readonly path: string;
}

/** A session in one of the places that have it. */
interface Lying {
  readonly place: Place;
  readonly room: Room;
  readonly session: RoomSession;
}

export const opencode: Importer = {
  defaultPath() {
    const own = ownDirectory();
    return kindOf(own) === undefined ? (ownDatabase() ?? own) : own;
  },
  async recognizes(path) {
    const ignore = (): void => undefined;
    for await (const place of placesBelow(path, ignore)) if (await isOne(place, ignore)) return true;
    return false;
  },
  async find(path, onProblem, { signal, onEnd }) {
    const places: Place[] = [];
    for await (const place of placesBelow(path, onProblem)) {
      signal?.throwIfAborted();
      places.push(place);
    }
    const own = path === this.defaultPath() ? ownDatabase() : undefined;
    if (own !== undefined && !places.some((place) => place.path === own)) places.push({ kind: "database", path: own });
    const found = new Map<string, Lying[]>();
    for (const place of places) {
      const room = roomOf(place, onProblem);
      onEnd(async () => await room.close());
      const read = async (): Promise<void> => {
        for await (const session of room.sessions()) {
          await giveWay();
          signal?.throwIfAborted();
          const lying = found.get(session.id);
          if (lying === undefined) found.set(session.id, [{ place, room, session }]);
          else lying.push({ place, room, session });
        }
      };
      await toleratingLater(place.path, onProblem, read, undefined);
    }
    return [...found].map(([id, lying]) => sessionOf(id, lying)).sort((a, b) => a.createdMs - b.createdMs);
  },
};

function sessionOf(id: string, lying: readonly Lying[]): SourceSession {
  // Sorting keeps the order of those that are as new: databases stand before trees.
  const sorted = lying.toSorted((a, b) => b.session.updatedMs - a.session.updatedMs);
  const { path } = (sorted[0] as Lying).session;
  const createdMs = Math.min(...sorted.map(({ session }) => session.createdMs));
  const rooms = sorted.map(({ room }) => room);
  return {
    id,
    identity: `opencode ${id}`,
    path,
    files: [...new Set(sorted.flatMap(filesOf))],
    createdMs,
    // In a tree a session is thousands of files.
    beside: sorted.some(({ place }) => place.kind === "tree") ? undefined : createdMs,
    lines: (known) => readOpencode({ id, rooms, createdMs }, known),
  };
}

/** What is committed to a database lies beside it for a while. */
function filesOf({ place, session }: Lying): string[] {
  const log = `${place.path}-wal`;
  return place.kind === "database" && kindOf(log) === "file" ? [place.path, log] : [session.path];
}

function roomOf({ kind, path }: Place, onProblem: OnProblem): Room {
  if (kind === "tree") return new Tree(path, onProblem);
  return kind === "database" ? new DatabaseRoom(path, onProblem) : new ExportRoom(path, onProblem);
}

/** The database that the environment names; what is no whole path is one in opencode's own directory. */
function ownDatabase(): string | undefined {
  const named = process.env["OPENCODE_DB"]?.trim();
  if (named === undefined || named === "" || named === ":memory:") return undefined;
  const path = isAbsolute(named) ? named : join(ownDirectory(), named);
  return kindOf(path) === "file" ? path : undefined;
}

function ownDirectory(): string {
  return join(directoryOf("XDG_DATA_HOME", home(".local", "share")), "opencode");
}

async function isOne({ kind, path }: Place, onProblem: OnProblem): Promise<boolean> {
  if (kind !== "database") return true;
  // Where nobody can read it, its name has to do.
  if ((await sqliteReader()) === undefined) return DATABASE.test(basename(path));
  const room = new DatabaseRoom(path, onProblem);
  try {
    return await toleratingLater(path, onProblem, async () => await room.isOpencodes(), DATABASE.test(basename(path)));
  } finally {
    await room.close();
  }
}

/** The file itself, or what there is below the directory, databases first. */
async function* placesBelow(path: string, onProblem: OnProblem, level = 0): AsyncGenerator<Place> {
  if (kindOf(path) !== "directory") {
    const kind = tolerating(path, onProblem, () => kindOfFile(path), undefined);
    if (kind !== undefined) yield { kind, path };
    return;
  }
  await giveWay();
  const read = (): ReturnType<typeof namesIn> => namesIn(path);
  const names = level === 0 ? read() : tolerating(path, onProblem, read, undefined);
  if (names === undefined) return;
  for (const name of names.files) {
    const file = join(path, name);
    if (DATABASE.test(name)) yield { kind: "database", path: file };
  }
  const isStorage = isTree(path, names.directories);
  if (isStorage) {
    yield { kind: "tree", path };
    return;
  }
  for (const name of names.files) {
    const file = join(path, name);
    const isExport = (): boolean => name.endsWith(".json") && isOpencodeExport(peek(file));
    if (tolerating(file, onProblem, isExport, false)) yield { kind: "export", path: file };
  }
  if (level === MOST_LEVELS) return;
  const isHome = basename(path) === "opencode" || names.files.some((name) => DATABASE.test(name));
  for (const name of names.directories) {
    if (OTHER_DIRECTORIES.has(name) || (isHome && OTHER_ROOMS.has(name))) continue;
    yield* placesBelow(join(path, name), onProblem, level + 1);
  }
}

function kindOfFile(path: string): Place["kind"] | undefined {
  const isDatabase = DATABASE.test(basename(path)) || DATABASE_LIKE.test(path);
  if (isDatabase) return isSqlite(peek(path)) ? "database" : undefined;
  return path.endsWith(".json") && isOpencodeExport(peek(path)) ? "export" : undefined;
}

/** A directory called storage, or a copy of one under another name. */
function isTree(path: string, directories: readonly string[]): boolean {
  const rooms = ["session", "message", "part"].filter((name) => directories.includes(name));
  return rooms.length > 0 && (basename(path) === "storage" || rooms.length === 3);
}
