// What each thing that verify() finds means, in words.
import type { VerifyCode, VerifyProblem, VerifySeverity } from "../../base/verify.ts";

interface Meaning {
  readonly severity: VerifySeverity;
  readonly text: string;
  /** What repair() does about it, in this machine's own files. Undefined: nothing. */
  readonly repair?: string;
}

const KEPT = "repair moves the bytes to lost+found/";

const MEANINGS: Readonly<Record<VerifyCode, Meaning>> = {
  torn: {
    severity: "warning",
    text: "the log ends in a write that did not finish; the next append seals it",
    repair: KEPT,
  },
  fragment: {
    severity: "warning",
    text: "a write that did not finish, sealed by what was appended later; it is left out",
    repair: KEPT,
  },
  damaged: { severity: "error", text: "bytes that are no line; they are left out", repair: KEPT },
  altered: {
    severity: "error",
    text: "a line was changed after it was written (its checksum is wrong); it is served as it stands, flagged",
  },
  glued: {
    severity: "warning",
    text: "a whole line stands inside a damaged piece; it is read",
    repair: "repair gives it its own place",
  },
  conflict: {
    severity: "warning",
    text: "a conflict marker of git; the lines of both sides are read",
    repair: KEPT,
  },
  nul: {
    severity: "warning",
    text: "NUL bytes, as a power loss leaves them; the lines around them are read",
    repair: KEPT,
  },
  "line-ends": {
    severity: "info",
    text: "carriage returns or a byte order mark around lines, as editors and git's autocrlf leave them",
    repair: "repair leaves them out",
  },
  unended: {
    severity: "info",
    text: "the last line is whole and lacks its newline; it is read",
    repair: "repair ends it",
  },
  unsorted: {
    severity: "info",
    text: "lines do not stand in the order of their stamps; they are read in it",
    repair: "repair sorts them",
  },
  repeated: {
    severity: "info",
    text: "lines stand more than once in the log; they count once",
    repair: "repair drops the repeats",
  },
  twice: {
    severity: "warning",
    text: "two lines that differ have one stamp; this one is left out",
    repair: KEPT,
  },
  incomplete: {
    severity: "warning",
    text: "a line of a commit whose end was never written, and which was never acknowledged; it is left out",
    repair: KEPT,
  },
  "no-header": {
    severity: "error",
    text: "the log has no header; nothing can be written to it, and a session without any cannot be read",
    repair: "repair makes it anew",
  },
  "foreign-header": {
    severity: "error",
    text: "the log's header names another session; neither is taken for the other",
    repair: "repair restores it, as its checksum shows it was",
  },
  "newer-format": { severity: "error", text: "a later version wrote the log; this one does not touch it" },
  orphan: {
    severity: "warning",
    text: "the line that says what a writer went on from is missing; it goes on from the line before",
  },
  gap: { severity: "warning", text: "a line names an earlier one that no log has" },
  "two-logs": {
    severity: "warning",
    text: "a machine has more than one log of the session; all are read",
    repair: "repair unites them",
  },
  "rolled-back": {
    severity: "error",
    text:
      "lines that this machine's log had are in no log any more: an older copy took its place (a backup that was restored, " +
      "a sync in the wrong direction); it is whole again when it is united with a copy that has them",
  },
  leftover: {
    severity: "info",
    text: "an old log that was replaced stands beside the new one",
    repair: "repair takes over what is only in it, and removes it",
  },
  "archive-damaged": { severity: "error", text: "an archived log is no whole gzip; its session cannot be read" },
  unreadable: { severity: "error", text: "it cannot be read" },
  "blob-missing": {
    severity: "error",
    text: "an attachment that a line names is missing; the message shows its reference",
  },
  "blob-wrong": {
    severity: "error",
    text: "an attachment's content is not what its name says; messages that have it show its reference",
    repair: "repair moves the file to lost+found/",
  },
  cache: {
    severity: "info",
    text: "a cache file that fits nothing",
    repair: "repair removes it",
  },
};

interface Found extends Omit<VerifyProblem, "severity" | "isRepairable" | "message"> {
  /** Words about this very one. */
  readonly detail?: string | undefined;
  /** "mine": repair() may touch the file. "others": only that machine's repair() may. "nobody": it cannot be mended. */
  readonly by: "mine" | "others" | "nobody";
}

export function problemOf({ detail, by, ...found }: Found): VerifyProblem {
  const { severity, text, repair } = MEANINGS[found.code];
  const what = detail === undefined ? text : `${text}: ${detail}`;
  const isRepairable = by === "mine" && repair !== undefined;
  const isOthers = by === "others" && repair !== undefined;
  const rest = isRepairable ? `; ${repair}` : isOthers ? `; a repair by ${found.machine} may mend it` : "";
  return { ...found, severity, isRepairable, message: what + rest };
}
