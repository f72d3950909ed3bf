// What openclaw's sessions.json says of its sessions: by their keys, which name agent, channel and peer. Of it only what
// names a session is taken.
import { join } from "node:path";
import type { SessionPatch } from "../base/session-info.ts";
import { isObject } from "../base/object.ts";
import type { OnProblem } from "./importer.ts";
import { parseObject, textIn, tolerating } from "./importer.ts";
import { kindOf, textOf } from "./source.ts";

export type About = SessionPatch;

/** What a directory's list says, by the ids of the sessions. `lists` keeps what was read. */
export function aboutIn(
  directory: string,
  lists: Map<string, Map<string, About>>,
  onProblem: OnProblem,
): Map<string, About> {
  const known = lists.get(directory);
  if (known !== undefined) return known;
  const abouts = new Map<string, About>();
  lists.set(directory, abouts);
  const path = join(directory, "sessions.json");
  if (kindOf(path) !== "file") return abouts;
  const text = tolerating(path, onProblem, () => textOf(path), "{}");
  const list = parseObject(text);
  if (list === undefined) onProblem(path, "does not parse: what it says of the sessions is not taken over");
  const entries = Object.entries(list ?? {}).filter((entry): entry is [string, Record<string, unknown>] =>
    isObject(entry[1]),
  );
  const idOf = (key: string): string | undefined => {
    const entry = list?.[key];
    return isObject(entry) ? textIn(entry, "sessionId") : undefined;
  };
  for (const [key, entry] of entries) {
    const id = textIn(entry, "sessionId");
    if (id === undefined) continue;
    const title = textIn(entry, "label") ?? textIn(entry, "displayName") ?? textIn(entry, "subject");
    const parent = idOf(textIn(entry, "spawnedBy") ?? "");
    abouts.set(id, {
      ...(title !== undefined && { title, titleSource: "user" }),
      ...(parent !== undefined && parent !== id && { parent }),
      metadata: { key },
    });
  }
  return abouts;
}
