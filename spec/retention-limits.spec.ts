// Which sessions limits take, for any sessions and any limits.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { RetentionPolicy } from "../lib/index.ts";
import { choose } from "../lib/store/retention/retention-limits.ts";
import type { Candidate } from "../lib/store/retention/retention-limits.ts";

const NOW = 1_000 * 86_400_000;
const MB = 1024 * 1024;

const candidates: fc.Arbitrary<Candidate[]> = fc
  .array(
    fc.record({
      days: fc.integer({ min: 0, max: 20 }),
      bytes: fc.integer({ min: 0, max: 9 }),
      parent: fc.option(fc.nat(12), { nil: undefined, freq: 2 }),
      obstacle: fc.constantFrom(undefined, undefined, undefined, "pinned" as const, "machines" as const),
    }),
    { maxLength: 12 },
  )
  .map((list) =>
    list.map(({ days, bytes, parent, obstacle }, n) => ({
      id: `s${n}`,
      parent: parent === undefined ? undefined : `s${parent}`,
      atMs: NOW - days * 86_400_000,
      bytes: bytes * MB,
      obstacle,
    })),
  );
const limit = (most: number): fc.Arbitrary<number | undefined> => fc.option(fc.nat(most), { nil: undefined });
const policies: fc.Arbitrary<RetentionPolicy & { keep?: number | undefined }> = fc.record({
  maxAgeDays: limit(20),
  maxSessions: limit(12),
  maxSizeMB: limit(60),
  children: fc.boolean(),
  keep: limit(4),
});

test("nothing that must stay goes, no parent before its child, and a limit is kept unless what is left must stay", () => {
  fc.assert(
    fc.property(candidates, policies, fc.nat(12), (list, policy, used) => {
      const isInUse = ({ id }: Candidate): boolean => id === `s${used}`;
      const { items, kept } = choose(list, policy, NOW, isInUse);
      const gone = items.map(({ candidate }) => candidate);
      const ids = new Set(gone.map(({ id }) => id));
      expect(ids.size).toBe(gone.length);
      for (const each of gone) expect(each.obstacle === undefined && !isInUse(each)).toBe(true);
      for (const { id } of kept) expect(ids.has(id)).toBe(false);
      const newest = list.toSorted((a, b) => b.atMs - a.atMs || (a.id < b.id ? 1 : -1)).slice(0, policy.keep ?? 0);
      for (const { id } of newest) expect(ids.has(id)).toBe(false);
      // Children go before their parents, where these are not each other's.
      const order = new Map(gone.map(({ id }, index) => [id, index]));
      const parents = new Map(list.map(({ id, parent }) => [id, parent]));
      const isCircle = (id: string): boolean => {
        const seen = new Set<string>();
        for (let each: string | undefined = id; each !== undefined; each = parents.get(each)) {
          if (seen.has(each)) return true;
          seen.add(each);
        }
        return false;
      };
      for (const { id, parent } of list) {
        if (parent === undefined || !order.has(parent) || isCircle(id)) continue;
        expect(order.get(id) ?? Infinity).toBeLessThan(order.get(parent)!);
      }
      // Over a limit stays only what has a reason to, or is needed by what has one.
      const left = list.filter(({ id }) => !ids.has(id));
      const isOver =
        left.length > (policy.maxSessions ?? Infinity) ||
        left.reduce((sum, { bytes }) => sum + bytes, 0) > (policy.maxSizeMB ?? Infinity) * MB;
      if (isOver && policy.children !== true) {
        const named = new Set(kept.map(({ id }) => id));
        for (const { id } of left) expect(named.has(id), `${id} stays without a reason`).toBe(true);
      }
      if (policy.maxAgeDays === undefined && policy.maxSessions === undefined && policy.maxSizeMB === undefined)
        expect(gone).toEqual([]);
    }),
    { numRuns: 2000 },
  );
});

test("age takes no session that is not too old, but for one that goes with its family", () => {
  fc.assert(
    fc.property(candidates, fc.nat(20), (list, maxAgeDays) => {
      for (const { candidate } of choose(list, { maxAgeDays }, NOW, () => false).items)
        expect(NOW - candidate.atMs).toBeGreaterThan(maxAgeDays * 86_400_000);
      for (const { candidate } of choose(list, { maxAgeDays, children: true }, NOW, () => false).items)
        expect(NOW - candidate.atMs).toBeGreaterThan(maxAgeDays * 86_400_000);
    }),
  );
});
