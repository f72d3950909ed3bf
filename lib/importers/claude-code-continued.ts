// A session that was resumed or forked can have a file that begins with a copy of the other's lines. The one whose lines all
// stand in another file is what that one goes on from.
import { recordsOf } from "./claude-code-records.ts";
import type { Look } from "./claude-code-look.ts";
import type { OnProblem } from "./importer.ts";
import { textIn, toleratingLater } from "./importer.ts";

/** -> for files that have all of another's lines, and more: the session that they go on from */
export async function findContinued(looks: readonly Look[], onProblem: OnProblem): Promise<Map<string, string>> {
  const groups = new Map<string, Look[]>();
  for (const look of looks) {
    if (look.firstUuid === undefined || look.agent !== undefined) continue;
    const group = groups.get(look.firstUuid);
    if (group === undefined) groups.set(look.firstUuid, [look]);
    else group.push(look);
  }
  const continued = new Map<string, string>();
  for (const group of groups.values()) {
    if (group.length === 1) continue;
    const files: { look: Look; uuids: Set<string> }[] = [];
    for (const look of group) {
      const none = new Set<string>();
      files.push({ look, uuids: await toleratingLater(look.path, onProblem, () => uuidsIn(look.path), none) });
    }
    // The longest first: one goes on from the one that went furthest.
    files.sort((a, b) => b.uuids.size - a.uuids.size);
    for (const { look, uuids } of files) {
      const from = files.find((each) => each.uuids.size < uuids.size && isWithin(each.uuids, uuids));
      if (from !== undefined && from.look.id !== look.id) continued.set(look.path, from.look.id);
    }
  }
  return continued;
}

async function uuidsIn(path: string): Promise<Set<string>> {
  const uuids = new Set<string>();
  for await (const records of recordsOf(path, () => undefined)) {
    for (const { value } of records) {
      const uuid = textIn(value, "uuid");
      if (uuid !== undefined) uuids.add(uuid);
    }
  }
  return uuids;
}

function isWithin(few: ReadonlySet<string>, many: ReadonlySet<string>): boolean {
  for (const each of few) if (!many.has(each)) return false;
  return few.size > 0;
}
