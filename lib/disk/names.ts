// Every name in a store is made and read here.
import { basename, dirname, join, sep } from "node:path";
import { crc32 } from "node:zlib";
import { crypto } from "../base/crypto.ts";
import { ArgumentError } from "../base/errors.ts";
import { hexByte } from "../line/codec.ts";

export const LOG_ENDING = ".jsonl";
/** A log that was replaced stays beside the new one for a while: whoever still writes to it loses nothing. */
export const OLD_ENDING = ".jsonl.old";
/** A log in the archive: plain gzip of its bytes. */
export const PACKED_ENDING = ".jsonl.gz";
/** What the directories of the archive begin with, beside those of sessions/, which are machine and month alone. */
const ARCHIVE = "archive";

/** The path of the log that this one has replaced, while it stands beside it. */
export function oldOf(path: string): string {
  return `${path}.old`;
}

/** The name of the session that a file is a log of; undefined: it is none. */
export function nameOf(file: string, isArchive = false): string | undefined {
  const endings = isArchive ? [PACKED_ENDING] : [LOG_ENDING, OLD_ENDING];
  const ending = endings.find((each) => file.endsWith(each));
  return ending === undefined ? undefined : file.slice(0, -ending.length);
}

const MOST_BYTES = 200;
const HASH_LENGTH = 32;
const NOT_PLAIN = /[^a-z0-9._-]+/gu;
/** Windows takes these for devices, with any extension. The superscript digits are among them. */
const RESERVED = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/;

/** A stamp without its colons. */
const TRASHED = /^(\d{4}-\d{2}-\d{2})T(\d{2})(\d{2})(\d{2}\.\d{3}Z-[0-9a-f]{4}-[a-z0-9]{8})\.jsonl$/;

/** Refuses what can be no session's id: it must be a text that is not empty, well-formed and without NUL. */
export function checkId(id: unknown): asserts id is string {
  const reason =
    typeof id !== "string"
      ? "is not a text"
      : id === ""
        ? "is empty"
        : id.includes("\0")
          ? "has a NUL"
          : id.isWellFormed()
            ? undefined
            : "has a lone surrogate";
  if (reason !== undefined) throw new ArgumentError("INVALID_ID", `the id ${reason}`);
}

/**
 * The file name of an id, without the ending: different ids have different names, on every file system. Two ids that
 * differ in case or in Unicode's normal form do, since all but a-z 0-9 . _ - is percent-encoded as UTF-8.
 */
export function encodeName(id: string): string {
  let name = id.replace(NOT_PLAIN, escapeAll);
  if (name.startsWith(".") || RESERVED.test(name)) name = escapeAll(name.slice(0, 1)) + name.slice(1);
  if (name.endsWith(".")) name = name.slice(0, -1) + escapeAll(".");
  if (name.length <= MOST_BYTES) return name;
  const hash = crypto().createHash("sha256").update(id).digest("hex").slice(0, HASH_LENGTH);
  const cut = name.slice(0, MOST_BYTES - 1 - HASH_LENGTH);
  // Cut before an escape, not through it: what is left can still be read.
  return `${cut.replace(/%[0-9a-f]?$/, "")}~${hash}`;
}

/** The id that a name stands for; undefined where only the header knows it (a name that was cut, or none of ours). */
export function decodeName(name: string): string | undefined {
  if (name.includes("~")) return undefined;
  try {
    const id = decodeURIComponent(name);
    return encodeName(id) === name ? id : undefined;
  } catch {
    return undefined;
  }
}

function escapeAll(text: string): string {
  const code = text.length === 1 ? text.charCodeAt(0) : 128;
  if (code < 128) return `%${hexByte(code)}`;
  return Buffer.from(text).toString("hex").replace(/../g, "%$&");
}

interface FileInMonth {
  readonly path: string;
  readonly machine: string;
  readonly isArchive: boolean;
}

/** Where things lie in a store. */
export class Layout {
  readonly root: string;
  readonly marker: string;
  readonly sessions: string;
  /** Attachments, by the hash of their content. */
  readonly blobs: string;
  /** Sessions that were put away, packed. */
  readonly archive: string;
  readonly trash: string;
  /** Files that were in blobs/ and are not what their names say. */
  readonly lostBlobs: string;
  /** Attachments that nothing has named for long. No session's name begins with a dot. */
  readonly trashedBlobs: string;
  /** A line for each session that a retention policy took. */
  readonly evictions: string;
  readonly lostAndFound: string;
  /** This machine's own, never synced; it may vanish at any time. */
  readonly cache: string;
  readonly machines: string;
  /** Files that are being made, before they get their name. */
  readonly aside: string;
  readonly offsets: string;
  readonly leases: string;
  /** Sessions of which something is to be erased yet: an empty file for each. */
  readonly owed: string;
  /** What this machine's logs lost to older copies: a file for each session. */
  readonly rolledBack: string;
  /** What upkeep knows from one process to the next. */
  readonly upkeep: string;
  /** Which files of other tools were imported, and as what. */
  readonly imports: string;
  /** Logs of the archive that somebody reads. */
  readonly unpacked: string;

  constructor(root: string) {
    const below = root.endsWith(sep) ? root : root + sep;
    this.root = root;
    this.marker = `${below}turnlog.json`;
    this.sessions = `${below}sessions`;
    this.blobs = `${below}blobs`;
    this.archive = `${below}${ARCHIVE}`;
    this.trash = `${below}trash`;
    this.trashedBlobs = join(this.trash, ".blobs");
    this.evictions = join(this.trash, ".evictions.jsonl");
    this.lostAndFound = `${below}lost+found`;
    this.lostBlobs = join(this.lostAndFound, ".blobs");
    this.cache = `${below}.cache`;
    const cached = this.cache + sep;
    this.machines = `${cached}machines`;
    this.aside = `${cached}aside`;
    this.offsets = `${cached}offsets`;
    this.leases = `${cached}leases`;
    this.owed = `${cached}owed`;
    this.rolledBack = `${cached}rolled-back`;
    this.upkeep = `${cached}upkeep.json`;
    this.imports = `${cached}imports`;
    this.unpacked = `${cached}unpacked`;
  }

  /** Where the logs of a machine and month lie: those in use, or the archived ones. */
  month(machine: string, month: string, isArchive = false): string {
    return `${isArchive ? this.archive : this.sessions}${sep}${machine}${sep}${month}`;
  }

  /** How a log's directory is called in indexes: `laptop-k3f9x2ab/2026-11`, or `archive/laptop-k3f9x2ab/2026-11`. */
  directoryOf(path: string): { readonly directory: string; readonly file: string } {
    const month = dirname(path);
    const machine = dirname(month);
    const isArchive = dirname(machine) === this.archive;
    return { directory: this.directoryName(basename(machine), basename(month), isArchive), file: basename(path) };
  }

  directoryName(machine: string, month: string, isArchive: boolean): string {
    return isArchive ? `${ARCHIVE}/${machine}/${month}` : `${machine}/${month}`;
  }

  /** Where a file of such a directory lies, and the machine whose it is. */
  fileIn(directory: string, file: string): FileInMonth {
    const [month = "", machine = "", archive] = directory.split("/").reverse();
    const isArchive = archive !== undefined;
    return { path: join(this.month(machine, month, isArchive), file), machine, isArchive };
  }

  /** The path alone, for the system: a listing asks for it at every session. */
  pathIn(directory: string, file: string): string {
    return `${isArchived(directory) ? this.root : this.sessions}/${directory}/${file}`;
  }

  log(machine: string, month: string, name: string): string {
    return join(this.sessions, machine, month, name + LOG_ENDING);
  }

  /** The archived form of the log at this path. */
  packed(log: string): string {
    const month = this.month(machineOf(log), basename(dirname(log)), true);
    return join(month, basename(log, LOG_ENDING) + PACKED_ENDING);
  }

  /** Where the log of this archived form is when it is in use. */
  unpackedLog(packed: string): string {
    return this.log(machineOf(packed), basename(dirname(packed)), basename(packed, PACKED_ENDING));
  }

  /** What is known of a session's logs. So many directories that none grows large, at 100,000 sessions. */
  sidecar(name: string): string {
    return join(this.offsets, crc32(name).toString(16).padStart(8, "0").slice(0, 2), name);
  }

  /** What the deletion with this stamp took out of a session's log. Windows allows no colon in a name. */
  trashed(name: string, deletion: string): string {
    return join(this.trash, name, deletion.replaceAll(":", "") + LOG_ENDING);
  }

  /** The file of an attachment. So many directories that none grows large. */
  blob(hash: string, ending: string): string {
    return join(this.blobs, hash.slice(0, 2), hash + ending);
  }

  trashedBlob(hash: string, ending: string): string {
    return join(this.trashedBlobs, hash.slice(0, 2), hash + ending);
  }

  /** The stamp of the deletion that a file in the trash is named by; undefined: it is none of these. */
  deletionOf(file: string): string | undefined {
    const [, day, hours, minutes, rest] = TRASHED.exec(file) ?? [];
    return day === undefined ? undefined : `${day}T${hours}:${minutes}:${rest}`;
  }

  /** Where all of that lies, of one session. */
  lostOf(name: string): string {
    return join(this.lostAndFound, name);
  }

  /** Bytes that were taken out of a machine's log: by the line that stood before them, and where. */
  lost(name: string, machine: string, before: string, offset: number): string {
    return join(this.lostOf(name), `${machine}-${before.replaceAll(":", "")}-${offset}`);
  }
}

/** True if this directory, as the catalog names it, lies in the archive. */
export function isArchived(directory: string): boolean {
  return directory.indexOf("/") !== directory.lastIndexOf("/");
}

/** The machine whose log lies at this path, in use or in the archive. */
export function machineOf(path: string): string {
  return basename(dirname(dirname(path)));
}

/** The machine whose directory this is, as the catalog names it. */
export function machineIn(directory: string): string {
  return directory.split("/").at(-2) ?? "";
}

/** The month of a time, as directories are named: 2026-11. */
export function monthOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 7);
}
