// Calls of tools that a crash has interrupted: nobody runs them any more, and no result of theirs will come.
import { isObject } from "../../base/object.ts";
import type { Session } from "../../store/session.ts";
import { ifThere } from "../unless-code.ts";

type Fields = Record<string, unknown>;

/** Ends them as failed, in one commit. -> how many */
export async function endInterrupted(session: Session): Promise<number> {
  const ended: { message: string; part: Fields }[] = [];
  for await (const { at, parts } of ifThere(session.messages()))
    for (const { id, data } of parts) {
      const part = failed(data);
      if (part !== undefined) ended.push({ message: at, part: { ...part, id } });
    }
  if (ended.length > 0)
    await session.commit((commit) => {
      for (const { message, part } of ended) commit.putPart(message, part);
    });
  return ended.length;
}

/** Undefined: it is no call of a tool, or it has ended. */
function failed(part: Fields): Fields | undefined {
  const { type, state } = part;
  if (type !== "tool" || !isObject(state) || (state["status"] !== "pending" && state["status"] !== "running"))
    return undefined;
  const { raw: _raw, title: _title, time, ...rest } = state;
  const now = Date.now();
  const start = isObject(time) && typeof time["start"] === "number" ? time["start"] : now;
  return { ...part, state: { ...rest, status: "error", error: "interrupted", time: { start, end: now } } };
}
