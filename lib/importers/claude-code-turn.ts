// Lines of a transcript that make one message: one answer of the model is written as several, a block each, that share its id.
import type { FoundData, FoundMessage } from "../store/import/import.ts";
import type { ReadyJson } from "../store/write/prepare.ts";
import type { RawRecord, Saying } from "./claude-code-records.ts";
import { textIn } from "./importer.ts";
import { cutMember } from "./ready-json.ts";
import type { Cut } from "./ready-json.ts";

/** What the model's side of a message says beside its words. */
const ANSWER_FIELDS = ["model", "stop_reason", "usage"];

export interface Turn {
  readonly id: string;
  readonly line: number;
  readonly ms: number;
  readonly follows: string | undefined;
  readonly lines: readonly TurnLine[];
}

export interface TurnLine {
  readonly record: RawRecord;
  readonly saying: Saying;
}

/** True if a line goes on with the answer that this one is of. */
export function isSameAnswer(last: Saying, { role, message }: Saying): boolean {
  const id = textIn(message, "id");
  return role === "assistant" && last.role === "assistant" && id !== undefined && last.message["id"] === id;
}

/** What lines say together. */
class Said implements FoundData {
  readonly json: ReadyJson | undefined;
  protected readonly lines: readonly TurnLine[];

  constructor(lines: readonly TurnLine[]) {
    this.lines = lines;
    this.json = jsonOf(lines);
  }

  /** Made where it is asked for: what is copied from the lines' texts needs no objects. */
  get data(): object {
    return objectOf(this.lines);
  }
}

export class TurnMessage extends Said implements FoundMessage {
  readonly type = "message";
  readonly id: string;
  readonly line: number;
  readonly ms: number;
  readonly follows?: string;

  constructor({ id, line, ms, follows, lines }: Turn) {
    super([...lines]);
    this.id = id;
    this.line = line;
    this.ms = ms;
    if (follows !== undefined) this.follows = follows;
  }

  /** What its lines said when there were fewer of them, newest first. */
  *earlier(): Generator<FoundData> {
    for (let count = this.lines.length - 1; count > 0; count--) yield new Said(this.lines.slice(0, count));
  }
}

/** The words, then the lines as they stood but for the words; `blocks` says how many of them each line had. */
function objectOf(lines: readonly TurnLine[]): object {
  const [first] = lines as [TurnLine];
  const contents = lines.map(({ saying }) => saying.message["content"] ?? "");
  const last = lines.at(-1)?.saying.message ?? {};
  const fields = ANSWER_FIELDS.filter((field) => last[field] !== undefined).map((field) => [field, last[field]]);
  const isOne = lines.length === 1;
  return {
    role: first.saying.role,
    ...(isSummary(first) && { type: "compaction" }),
    content: isOne ? contents[0] : contents.flatMap(blocksOf),
    ...Object.fromEntries(fields),
    ...(!isOne && { blocks: contents.map((content) => blocksOf(content).length) }),
    records: lines.map(({ record: { value }, saying }) => {
      if (value["message"] !== saying.message) return value;
      const { content: _content, ...rest } = saying.message;
      return { ...value, message: rest };
    }),
  };
}

function blocksOf(content: unknown): unknown[] {
  return Array.isArray(content) ? content : content === "" ? [] : [{ type: "text", text: content }];
}

/** What the model goes on with instead of all that came before. */
function isSummary({ record }: TurnLine): boolean {
  return record.value["isCompactSummary"] === true;
}

/** The same object as JSON, put together from the texts of the lines; undefined: it must be made anew. */
function jsonOf(lines: readonly TurnLine[]): ReadyJson | undefined {
  const cuts: Cut[] = [];
  let longest = 0;
  for (const { record, saying } of lines) {
    const ready = record.value["message"] === saying.message ? record.ready() : undefined;
    const cut = ready && cutMember(ready.text, record.value, "message", "content");
    if (ready === undefined || cut === undefined) return undefined;
    if (ready.longest > longest) longest = ready.longest;
    cuts.push(cut);
  }
  const [first] = lines as [TurnLine];
  const isOne = cuts.length === 1;
  const content = isOne ? cuts[0]?.value : joined(cuts);
  // Null is as good as empty, and what is no list is made one.
  if (content === undefined || content === "null") return undefined;
  const last = lines.at(-1)?.saying.message ?? {};
  let text = `{"role":"${first.saying.role}"`;
  if (isSummary(first)) text += ',"type":"compaction"';
  text += `,"content":${content}`;
  for (const field of ANSWER_FIELDS)
    if (last[field] !== undefined) text += `,"${field}":${JSON.stringify(last[field])}`;
  if (!isOne) text += `,"blocks":[${lines.map(({ saying }) => blocksOf(saying.message["content"]).length).join(",")}]`;
  return { text: `${text},"records":[${cuts.map(({ rest }) => rest).join(",")}]}`, longest };
}

/** Lists as one. */
function joined(cuts: readonly Cut[]): string | undefined {
  if (!cuts.every(({ value }) => value.endsWith("]"))) return undefined;
  const inner = cuts.map(({ value }) => value.slice(1, -1)).filter((list) => list !== "");
  return `[${inner.join(",")}]`;
}
