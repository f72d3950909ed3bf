// Where code is in the text of a message, as Markdown marks it: fences, and backticks within a line.

const MOST_LANGUAGE = 40;

/** The beginning of a code block. */
export interface Fence {
  readonly mark: string;
  /** So many spaces stand before it, and before each of its lines. */
  readonly indent: number;
  readonly language: string;
}

export function fenceAt(line: string): Fence | undefined {
  const [, indent = "", mark, info = ""] = /^([ \t]*)(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
  if (mark === undefined || (mark.startsWith("`") && info.includes("`"))) return undefined;
  return { mark, indent: indent.length, language: languageIn(info) };
}

export function isClosing(line: string, mark: string): boolean {
  const run = line.trim();
  return run.length >= mark.length && run === (mark[0] as string).repeat(run.length);
}

export function outdented(line: string, indent: number): string {
  let from = 0;
  while (from < indent && (line[from] === " " || line[from] === "\t")) from++;
  return line.slice(from);
}

/** The language that a fence names. */
function languageIn(info: string): string {
  return (/^[\w+#.-]+/.exec(info.trim())?.[0] ?? "").slice(0, MOST_LANGUAGE);
}

export interface Span {
  readonly text: string;
  /** It is code, with the backticks around it. */
  readonly isCode: boolean;
}

/** A line, cut where code begins and ends. Backticks without their other half are text. */
export function* codeSpans(line: string): Generator<Span> {
  const closing = closingRuns(line);
  let from = 0;
  for (let at = line.indexOf("`"); at !== -1;) {
    let end = at;
    while (line[end] === "`") end++;
    // The first of a run can be escaped: the rest of it is one by itself.
    if (isEscaped(line, from, at)) at++;
    const close = at < end ? closing(end, end - at) : undefined;
    if (close !== undefined) {
      if (at > from) yield { text: line.slice(from, at), isCode: false };
      yield { text: line.slice(at, close), isCode: true };
      from = close;
    }
    at = line.indexOf("`", close ?? end);
  }
  if (from < line.length) yield { text: line.slice(from), isCode: false };
}

/** True if an odd number of backslashes stands before it. */
function isEscaped(line: string, from: number, at: number): boolean {
  let start = at;
  while (start > from && line[start - 1] === "\\") start--;
  return (at - start) % 2 === 1;
}

/** Where the next run of so many backticks after a place ends; undefined: there is none. Asked for places in order. */
function closingRuns(line: string): (from: number, length: number) => number | undefined {
  const byLength = new Map<number, number[]>();
  for (const { 0: run, index } of line.matchAll(/`+/g)) {
    const ends = byLength.get(run.length) ?? [];
    byLength.set(run.length, ends);
    ends.push(index + run.length);
  }
  for (const ends of byLength.values()) ends.reverse();
  return (from, length) => {
    const ends = byLength.get(length) ?? [];
    let end = ends.at(-1);
    for (; end !== undefined && end - length < from; end = ends.at(-1)) ends.pop();
    return end;
  };
}
