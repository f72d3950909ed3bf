// The lines of a message that comes from elsewhere, as Claude Code would have written them: so that it shows and resumes them.
import { createHash } from "node:crypto";
import type { Entry } from "../base/entry.ts";
import type { SessionInfo } from "../base/session-info.ts";
import { isObject } from "../base/object.ts";
import { contentBlock } from "./claude-code-blocks.ts";
import { CallNames } from "./call-names.ts";
import { blocksOf, roleOf } from "./content.ts";
import type { Block } from "./content.ts";
import { textIn } from "./media.ts";
import { inputObject, noteOf } from "./notes.ts";

export type Line = Readonly<Record<string, unknown>>;

/** The version whose lines these are like. */
const VERSION = "2.1.284";
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ASSISTANTS: ReadonlySet<string> = new Set(["assistant", "model", "gemini"]);
/** What they say is for the model, and not shown as a prompt. */
const HARNESS: ReadonlySet<string> = new Set(["system", "developer"]);

export class NativeLines {
  readonly #session: string;
  readonly #around: Line;
  readonly #calls = new CallNames("toolu");

  constructor({ id, directory, metadata }: SessionInfo, sessionId: string) {
    this.#session = id;
    const branch = metadata?.["gitBranch"];
    this.#around = {
      isSidechain: false,
      userType: "external",
      cwd: directory ?? "/",
      sessionId,
      version: VERSION,
      ...(typeof branch === "string" && { gitBranch: branch }),
    };
  }

  /** Without what each follows. `isRest`: a line with the message's own name is written already. */
  *linesOf(entry: Entry, isRest: boolean): Generator<Line> {
    const { at, data, id } = entry;
    const role = roleOf(data);
    let number = 0;
    const envelope = (line: Line): Line => {
      number++;
      const isNamed = number === 1 && !isRest && UUID.test(id);
      const own = isNamed ? id : uuidOf("message", this.#session, at, String(number));
      return { ...this.#around, ...line, uuid: own, timestamp: at.slice(0, 24) };
    };
    const said: object[] = [];
    const prompt = function* (): Generator<Line> {
      if (said.length === 0) return;
      const [first] = said as [{ type?: unknown; text?: unknown }];
      const content = said.length === 1 && first.type === "text" ? first.text : said.splice(0);
      said.length = 0;
      const isMeta = HARNESS.has(role) ? { isMeta: true } : {};
      yield envelope({ type: "user", ...isMeta, message: { role: "user", content } });
    };
    for (const block of blocksOf(entry)) {
      if (block.kind === "result") {
        yield* prompt();
        yield envelope({ type: "user", message: { role: "user", content: [this.#resultOf(block)] } });
        continue;
      }
      const given = this.#contentOf(block, role);
      if (given === undefined) {
        yield* prompt();
        const note = { type: "system", subtype: "informational", content: noteOf(block), isMeta: true, level: "info" };
        if (note.content !== "") yield envelope(note);
      } else if (ASSISTANTS.has(role)) yield envelope(this.#answer(entry, given, block));
      else said.push(given);
    }
    yield* prompt();
  }

  /** Undefined: the model is not told of it. */
  #contentOf(block: Block, role: string): object | undefined {
    if (block.kind !== "call") return contentBlock(block, ASSISTANTS.has(role));
    // Only a model calls tools.
    if (!ASSISTANTS.has(role)) return undefined;
    return { type: "tool_use", id: this.#calls.called(block), name: block.name, input: inputObject(block.input) };
  }

  #resultOf(block: Block & { kind: "result" }): object {
    const content = block.content.map((each) => contentBlock(each, false) ?? { type: "text", text: noteOf(each) }) as {
      type: string;
      text?: string;
    }[];
    const [first] = content;
    return {
      type: "tool_result",
      tool_use_id: this.#calls.answered(block),
      content: content.length === 1 && first?.type === "text" ? first.text : content,
      ...(block.isError && { is_error: true }),
    };
  }

  #answer({ at, data }: Entry, block: object, { kind }: Block): Line {
    const { usage } = data;
    const hasUsage = isObject(usage) && typeof usage["input_tokens"] === "number";
    return {
      type: "assistant",
      message: {
        id: `msg_${hashOf("answer", this.#session, at).slice(0, 24)}`,
        type: "message",
        role: "assistant",
        model: textIn(data, "model", "modelID") ?? "unknown",
        content: [block],
        stop_reason: kind === "call" ? "tool_use" : "end_turn",
        stop_sequence: null,
        usage: hasUsage ? usage : { input_tokens: 0, output_tokens: 0 },
      },
    };
  }
}

/** The same names make the same UUID. */
export function uuidOf(...names: string[]): string {
  const hash = hashOf(...names);
  const variant = ((Number.parseInt(hash[16] as string, 16) & 3) | 8).toString(16);
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `8${hash.slice(13, 16)}`,
    variant + hash.slice(17, 20),
    hash.slice(20, 32),
  ].join("-");
}

function hashOf(...names: string[]): string {
  return createHash("sha256").update(JSON.stringify(names)).digest("hex");
}
