// Which sessions limits take: plain decisions over a list, no file is asked.
import type { RetentionObstacle, RetentionPolicy, RetentionReason } from "../../base/retention.ts";
import { MB } from "../space/sizes.ts";

const DAY_MS = 86_400_000;

export interface Candidate {
  readonly id: string;
  readonly parent: string | undefined;
  /** What makes it old, in ms; not later than now. */
  readonly atMs: number;
  readonly bytes: number;
  /** Why it must stay, as far as its lines tell. */
  readonly obstacle: RetentionObstacle | undefined;
}

/** What goes or stays as one: a session, or one with all that descends from it, children before their parents. */
interface Unit<C extends Candidate> {
  readonly members: readonly C[];
  readonly atMs: number;
  readonly bytes: number;
  parent: Unit<C> | undefined;
  readonly children: Unit<C>[];
  reason: RetentionReason | undefined;
}

export interface Chosen<C extends Candidate> {
  /** The oldest first, children before their parents. */
  readonly items: readonly { readonly candidate: C; readonly reason: RetentionReason }[];
  readonly kept: readonly { readonly id: string; readonly obstacle: RetentionObstacle }[];
}

/** `isInUse` is asked of those alone that would go. */
export function choose<C extends Candidate>(
  candidates: readonly C[],
  policy: RetentionPolicy,
  nowMs: number,
  isInUse: (candidate: C) => boolean,
): Chosen<C> {
  return new Chooser(candidates, policy, nowMs, isInUse).run();
}

class Chooser<C extends Candidate> {
  readonly #units: readonly Unit<C>[];
  readonly #policy: RetentionPolicy;
  readonly #nowMs: number;
  readonly #isInUse: (candidate: C) => boolean;
  readonly #newest = new Set<C>();
  /** Units that must stay, as far as they were asked for. */
  readonly #obstacles = new Map<Unit<C>, RetentionObstacle | undefined>();
  readonly #kept = new Map<string, RetentionObstacle>();
  #sessions: number;
  #bytes: number;

  constructor(candidates: readonly C[], policy: RetentionPolicy, nowMs: number, isInUse: (candidate: C) => boolean) {
    this.#policy = policy;
    this.#nowMs = nowMs;
    this.#isInUse = isInUse;
    const sorted = [...candidates].sort((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1));
    const { keep } = policy;
    if (typeof keep === "number") for (const each of keep === 0 ? [] : sorted.slice(-keep)) this.#newest.add(each);
    this.#units = unitsOf(sorted, policy.children === true);
    this.#sessions = candidates.length;
    this.#bytes = candidates.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  run(): Chosen<C> {
    const { maxAgeDays, maxSessions, maxSizeMB } = this.#policy;
    if (maxAgeDays !== undefined) this.#takeOld(maxAgeDays * DAY_MS);
    if (maxSessions !== undefined) this.#takeWhile("sessions", () => this.#sessions > maxSessions);
    if (maxSizeMB !== undefined) this.#takeWhile("size", () => this.#bytes > maxSizeMB * MB);
    const items: { candidate: C; reason: RetentionReason }[] = [];
    const done = new Set<Unit<C>>();
    for (const unit of this.#units) emit(unit, done, items);
    return { items, kept: Array.from(this.#kept, ([id, obstacle]) => ({ id, obstacle })) };
  }

  /** All that are too old go at once: a parent whose children are all too old goes with them. */
  #takeOld(ageMs: number): void {
    const taken = new Set<Unit<C>>();
    for (const unit of this.#units) {
      if (this.#nowMs - unit.atMs <= ageMs) continue;
      if (this.#mayGo(unit)) taken.add(unit);
    }
    const doubtful = [...taken];
    for (let unit = doubtful.pop(); unit !== undefined; unit = doubtful.pop()) {
      if (!taken.has(unit) || unit.children.every((child) => taken.has(child))) continue;
      taken.delete(unit);
      this.#keep(unit, "children");
      if (unit.parent !== undefined) doubtful.push(unit.parent);
    }
    for (const unit of taken) this.#take(unit, "age");
  }

  /** The oldest that may go, one after the other. */
  #takeWhile(reason: RetentionReason, isOver: () => boolean): void {
    const waiting = new Set<Unit<C>>();
    for (const unit of this.#units) {
      if (!isOver()) return;
      if (unit.reason !== undefined || !this.#mayGo(unit)) continue;
      // It comes to its turn when the last of its children has gone.
      waiting.add(unit);
      for (let next: Unit<C> | undefined = unit; next !== undefined && isOver(); next = next.parent) {
        if (!waiting.has(next) || next.children.some((child) => child.reason === undefined)) break;
        waiting.delete(next);
        this.#take(next, reason);
      }
    }
    if (isOver()) for (const unit of waiting) this.#keep(unit, "children");
  }

  #take(unit: Unit<C>, reason: RetentionReason): void {
    unit.reason = reason;
    this.#sessions -= unit.members.length;
    this.#bytes -= unit.bytes;
    for (const { id } of unit.members) this.#kept.delete(id);
  }

  #mayGo(unit: Unit<C>): boolean {
    if (!this.#obstacles.has(unit)) this.#obstacles.set(unit, this.#obstacleOf(unit));
    const obstacle = this.#obstacles.get(unit);
    if (obstacle !== undefined) this.#keep(unit, obstacle);
    return obstacle === undefined;
  }

  #obstacleOf(unit: Unit<C>): RetentionObstacle | undefined {
    for (const member of unit.members) {
      const obstacle = member.obstacle ?? (this.#newest.has(member) ? "kept" : undefined);
      if (obstacle !== undefined) return obstacle;
    }
    return unit.members.some((member) => this.#isInUse(member)) ? "in use" : undefined;
  }

  #keep(unit: Unit<C>, obstacle: RetentionObstacle): void {
    // Of a family the parent is named, which comes last.
    const { id } = unit.members.at(-1) as C;
    this.#kept.set(id, obstacle);
  }
}

/** Sorted by their age. */
function unitsOf<C extends Candidate>(sorted: readonly C[], withChildren: boolean): Unit<C>[] {
  const byId = new Map(sorted.map((candidate) => [candidate.id, candidate]));
  const ofRoot = new Map<C, C[]>();
  for (const candidate of sorted) {
    const root = withChildren ? rootOf(candidate, byId) : candidate;
    const members = ofRoot.get(root);
    if (members === undefined) ofRoot.set(root, [candidate]);
    else members.push(candidate);
  }
  const units = new Map<string, Unit<C>>();
  for (const [root, members] of ofRoot) {
    members.sort((a, b) => depthOf(b, byId) - depthOf(a, byId));
    const atMs = members.reduce((most, each) => Math.max(most, each.atMs), Number.NEGATIVE_INFINITY);
    const bytes = members.reduce((sum, each) => sum + each.bytes, 0);
    units.set(root.id, { members, atMs, bytes, parent: undefined, children: [], reason: undefined });
  }
  for (const [{ id, parent }] of withChildren ? [] : ofRoot) {
    const [unit, above] = [units.get(id), parent === undefined ? undefined : units.get(parent)];
    // Two that call each other their parent are nobody's children: somebody made a mistake.
    if (unit === undefined || above === undefined || isAbove(unit, above)) continue;
    unit.parent = above;
    above.children.push(unit);
  }
  return [...units.values()].sort((a, b) => a.atMs - b.atMs);
}

/** True when `unit` is `below`, or above it. */
function isAbove<C extends Candidate>(unit: Unit<C>, below: Unit<C>): boolean {
  for (let each: Unit<C> | undefined = below; each !== undefined; each = each.parent) if (each === unit) return true;
  return false;
}

/** Those above a session, the nearest first, each once. */
function ancestorsOf<C extends Candidate>(candidate: C, byId: ReadonlyMap<string, C>): C[] {
  const found = new Set([candidate]);
  for (const each of found) {
    const parent = each.parent === undefined ? undefined : byId.get(each.parent);
    if (parent !== undefined) found.add(parent);
  }
  return [...found].slice(1);
}

function rootOf<C extends Candidate>(candidate: C, byId: ReadonlyMap<string, C>): C {
  const above = ancestorsOf(candidate, byId);
  const top = above.at(-1);
  if (top === undefined) return candidate;
  // In a circle there is no top: all in it have the same one.
  return top.parent === undefined || !byId.has(top.parent)
    ? top
    : [candidate, ...above].reduce((least, each) => (each.id < least.id ? each : least));
}

function depthOf<C extends Candidate>(candidate: C, byId: ReadonlyMap<string, C>): number {
  return ancestorsOf(candidate, byId).length;
}

function emit<C extends Candidate>(
  unit: Unit<C>,
  done: Set<Unit<C>>,
  items: { candidate: C; reason: RetentionReason }[],
): void {
  const stack = [unit];
  for (let next = stack.at(-1); next !== undefined; next = stack.at(-1)) {
    const child = next.children.find((each) => each.reason !== undefined && !done.has(each));
    if (child !== undefined && next.reason !== undefined) {
      stack.push(child);
      continue;
    }
    stack.pop();
    if (next.reason === undefined || done.has(next)) continue;
    done.add(next);
    for (const candidate of next.members) items.push({ candidate, reason: next.reason });
  }
}
