// How a history becomes a given list with the fewest lines.
import { ArgumentError } from "../base/errors.ts";

export interface Steps<M> {
  /** Messages that go one by one. */
  readonly gone: readonly string[];
  /** What goes in one line: all at the end, or all. */
  readonly cut?: { readonly after: string } | { readonly keepLast: 0 };
  /** What is changed, in order, and what is new, which goes to the end. */
  readonly put: readonly M[];
}

/** From the ids of what is there, in order, and of those that are as they are to be, to the messages that are to be there. */
export function stepsTo<M extends { readonly id: string }>(
  stored: readonly string[],
  same: ReadonlySet<string>,
  messages: readonly M[],
): Steps<M> {
  const wanted = new Set(messages.map(({ id }) => id));
  const staying = stored.filter((id) => wanted.has(id));
  // What stays keeps its place. From the first one on that has another place by now, all is written anew.
  let kept = 0;
  while (kept < staying.length && staying[kept] === messages[kept]?.id) kept++;
  const last = staying[kept - 1];
  const end = last === undefined ? 0 : stored.indexOf(last) + 1;
  const gone = stored.slice(0, end).filter((id) => !wanted.has(id));
  const put = messages.filter(({ id }, index) => index >= kept || !same.has(id));
  if (end === stored.length) return { gone, put };
  return { gone, cut: last === undefined ? { keepLast: 0 } : { after: last }, put };
}

/** Throws where a message has no id, or two have one. */
export function checkIds(messages: readonly { readonly id?: unknown }[]): void {
  if (messages.some(({ id }) => typeof id !== "string" || id === ""))
    throw new ArgumentError(
      "INVALID_MESSAGE",
      "a message of a chat has no id: an answer has one where the stream was given a generateMessageId",
    );
  if (new Set(messages.map(({ id }) => id)).size < messages.length)
    throw new ArgumentError("INVALID_MESSAGE", "two messages of a chat have one id: each must have its own");
}
