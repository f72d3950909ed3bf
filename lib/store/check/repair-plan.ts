// What a repair makes of a machine's log of a session, or of several that are to be one: which lines stay, which bytes
// go to lost+found/, and what is told of it. Planning changes nothing.
import { basename, dirname } from "node:path";
import type { RepairAction, VerifyCode } from "../../base/verify.ts";
import { compareStamps, formatStamp } from "../../line/stamp.ts";
import type { FindingCode } from "../../log/examination.ts";
import { lineOf } from "../../log/new-log.ts";
import type { LineBytes } from "../../log/new-log.ts";
import { MOST_LOGS, uniteLogs } from "../../log/union.ts";
import { headerFor } from "./header.ts";
import type { RestoredHeader } from "./header.ts";
import type { Inspected } from "./inspect.ts";
import { lostPath } from "./lost-found.ts";
import type { LostBytes } from "./lost-found.ts";
import type { StoreState } from "../state.ts";

/** The first stands at the name that stays. Its torn end is sealed. */
export interface RepairPlan {
  readonly sources: readonly Inspected[];
  readonly actions: RepairAction[];
  readonly lost: LostBytes[];
  readonly header: RestoredHeader | undefined;
  /** Rows of the lines that stay, by their stamps, and the number of the log that each stands in. */
  readonly rows: Uint32Array;
  readonly logs: Uint8Array;
}

/** So many logs of one session by one machine are made one; more of them are left. */
export const MOST_SOURCES: number = MOST_LOGS;

interface Owner {
  readonly id: string;
  readonly name: string;
}

/** Undefined: there is nothing to do, or the log is none that may be touched. */
export async function planRepair(
  store: StoreState,
  owner: Owner,
  sources: readonly Inspected[],
  signal?: AbortSignal,
): Promise<RepairPlan | undefined> {
  const headers = sources.map((source) => headerFor(source, owner.id));
  if (headers.includes("foreign")) return undefined;
  const [first] = headers;
  // One that must be made anew is not needed beside another log's.
  const isNeeded = typeof first === "object" && (first.place !== undefined || !headers.includes("stays"));
  const header = isNeeded ? first : undefined;
  const united = sources.map(({ file, kept, examination: { lines } }, number) => {
    // The altered line that a header was restored from gives way to it.
    const isAltered = (row: number): boolean => number === 0 && header?.place?.offset === lines.offset(row);
    return { file, lines, rows: header?.place === undefined ? kept : kept.filter((row) => !isAltered(row)) };
  });
  const { rows, logs, twins } = await uniteLogs(united, 0, signal);
  const plan: RepairPlan = { sources, actions: [], lost: [], header, rows, logs };
  const planner = new Planner(store, owner, plan);
  for (const [number, source] of sources.entries()) planner.ofLog(source, number);
  for (const [log, row] of twins) planner.ofTwin(sources[log] as Inspected, row, false);
  if (header !== undefined) planner.ofHeader(header);
  return plan.actions.length === 0 ? undefined : plan;
}

class Planner {
  readonly #store: StoreState;
  readonly #owner: Owner;
  readonly #plan: RepairPlan;

  constructor(store: StoreState, owner: Owner, plan: RepairPlan) {
    this.#store = store;
    this.#owner = owner;
    this.#plan = plan;
  }

  ofLog(source: Inspected, number: number): void {
    const { examination, repeats, twins, incomplete } = source;
    const { lines, findings, isTorn, end } = examination;
    for (const { code, offset, length } of findings) {
      const isHeaders = this.#plan.header?.place?.offset === offset;
      if (code !== "altered" && !isHeaders)
        this.#ofFinding(source, isTorn && offset >= end && code !== "glued" ? "torn" : code, offset, length);
    }
    if (isTorn && !findings.some(({ offset }) => offset >= end))
      this.#act(source, "torn", "rewritten", end, 0, "the last line is whole, and gets its newline");
    if (!lines.isInOrder)
      this.#act(source, "unsorted", "rewritten", 0, 0, "the lines are put in the order of their stamps");
    for (const row of repeats)
      this.#ofRow(source, row, "repeated", "dropped", "the same line stands elsewhere in the log");
    for (const { left, kept } of twins) this.ofTwin(source, left, lines.isPurged(kept) && lines.isSound(kept));
    for (const row of incomplete) this.#ofRow(source, row, "incomplete", "moved", "its commit has no end");
    if (number > 0) {
      const [{ place }] = this.#plan.sources as [Inspected];
      this.#act(source, "two-logs", "moved", 0, source.stat.size, `its lines come into ${place.path}`, true);
    }
  }

  ofTwin(source: Inspected, row: number, isPurged: boolean): void {
    // It becomes the header again.
    if (source.examination.lines.offset(row) === this.#plan.header?.place?.offset) return;
    if (isPurged) this.#ofRow(source, row, "twice", "erased", "it was purged");
    else this.#ofRow(source, row, "twice", "moved", "another line with its stamp counts");
  }

  ofHeader({ bytes, stamp, place }: RestoredHeader): void {
    const [source] = this.#plan.sources as [Inspected];
    const { header } = source.examination;
    const code = header === undefined || header.id === this.#owner.id ? "no-header" : "foreign-header";
    const how = place === undefined ? "made anew from the file's name" : "as its checksum shows that it was";
    const message = `the header ${formatStamp(stamp)}, ${how}`;
    if (place === undefined) this.#act(source, code, "restored", 0, bytes.length, message);
    else this.#act(source, code, "restored", place.offset, place.length, message, true);
  }

  #ofFinding(source: Inspected, code: FindingCode, offset: number, length: number): void {
    if (code === "glued") this.#act(source, code, "separated", offset, length, "a line gets its own place");
    else if (code === "unended") this.#act(source, code, "rewritten", offset, length, "the last line gets its newline");
    else if (code === "line-ends")
      this.#act(source, code, "rewritten", offset, length, "the bytes around lines are left out");
    else this.#act(source, code, "moved", offset, length, "bytes that are no line", true);
  }

  #ofRow(source: Inspected, row: number, code: VerifyCode, action: RepairAction["action"], why: string): void {
    const { lines } = source.examination;
    const message = `the line ${formatStamp(lines.stamp(row))}: ${why}`;
    this.#act(source, code, action, lines.offset(row), lines.size(row), message, action === "moved");
  }

  #act(
    { place, file, examination }: Inspected,
    code: VerifyCode,
    action: RepairAction["action"],
    offset: number,
    bytes: number,
    message: string,
    isLost = false,
  ): void {
    const { id, name } = this.#owner;
    const { machine } = place;
    const before = examination.lines.before(offset);
    // Of a second log all goes there, so its month tells it from the first.
    const folder = place === this.#plan.sources[0]?.place ? machine : `${machine}-${basename(dirname(place.path))}`;
    const lost: LostBytes = { file, offset, length: bytes, name, machine: folder, before };
    if (isLost) this.#plan.lost.push(lost);
    const to = isLost ? { to: lostPath(this.#store, lost) } : {};
    this.#plan.actions.push({ code, action, message, session: id, file: place.path, offset, bytes, ...to });
  }
}

/** The lines of the new log. */
export function* linesOf({ sources, header, rows, logs }: RepairPlan): Generator<LineBytes> {
  let isDue = header !== undefined;
  for (let at = 0; at <= rows.length; at++) {
    const row = rows[at];
    const source = row === undefined ? undefined : (sources[logs[at] as number] as Inspected);
    const lines = source?.examination.lines;
    if (
      header !== undefined &&
      isDue &&
      (lines === undefined || compareStamps(lines.stamp(row as number), header.stamp) > 0)
    ) {
      isDue = false;
      yield lineOf(header.bytes);
    }
    if (source === undefined || lines === undefined || row === undefined) return;
    yield { file: source.file, offset: lines.offset(row), length: lines.size(row) };
  }
}
