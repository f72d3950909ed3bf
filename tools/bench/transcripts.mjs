// Transcripts as Claude Code leaves them behind, the same in every run: prompts, answers over several lines, what tools gave back
// (twice: for the model, and structured), and what the harness noted in between.
import { mkdirSync, openSync, closeSync, writeSync } from "node:fs";
import { join } from "node:path";
import { messages, randomFrom } from "./messages.mjs";

const BEGIN_MS = Date.UTC(2026, 0, 5);
const STEP_MS = 1700;
const VERSION = "2.1.284";
/** Texts of several lengths, taken in turn. */
const PROSE = { count: 512, mean: 700, sigma: 1 };
const CODE = { count: 256, mean: 3500, sigma: 1 };

/**
 * Writes as many sessions as make up the bytes, each of about `sessionBytes`. -> their bytes
 *
 * @param {string} directory that of Claude Code's projects
 * @param {{ bytes: number, sessionBytes: number }} size
 */
export function writeTranscripts(directory, { bytes, sessionBytes }) {
  const random = randomFrom(11);
  const texts = {
    prose: [...messages(PROSE.count, PROSE.mean, PROSE.sigma)].map(({ content }) => content),
    code: [...messages(CODE.count, CODE.mean, CODE.sigma)].map(({ content }) => codeOf(content)),
  };
  let total = 0;
  for (let number = 0; total < bytes; number++) {
    const project = join(directory, `-home-me-work-project-${number % 20}`);
    mkdirSync(project, { recursive: true });
    const session = new Transcript({
      random,
      texts,
      project: `project-${number % 20}`,
      ms: BEGIN_MS + number * 3_600_000,
    });
    const file = openSync(join(project, `${session.id}.jsonl`), "wx");
    try {
      for (let written = 0; written < sessionBytes;) {
        const text = session.turn();
        written += writeSync(file, text);
        total += Buffer.byteLength(text);
      }
    } finally {
      closeSync(file);
    }
  }
  return total;
}

class Transcript {
  /** @param {{ random: () => number, texts: { prose: string[], code: string[] }, project: string, ms: number }} setting */
  constructor({ random, texts, project, ms }) {
    this.random = random;
    this.texts = texts;
    this.directory = `/home/me/work/${project}`;
    this.ms = ms;
    this.id = this.uuid();
    /** @type {string | null} */
    this.last = null;
    this.answers = 0;
    this.prompts = 0;
  }

  /** A prompt, and what it took to answer it: so many lines. */
  turn() {
    const lines = [
      this.snapshot(),
      this.line("user", { message: { role: "user", content: this.prose() }, promptId: this.uuid() }),
    ];
    lines.push(this.harness("total_tokens_reminder"), this.harness("environment"));
    const steps = 2 + Math.floor(this.random() * 12);
    for (let step = 0; step < steps; step++) lines.push(...this.step());
    lines.push(this.answer(this.answerId(), { type: "text", text: this.prose() }, "end_turn"));
    lines.push(
      this.line("system", { subtype: "turn_duration", durationMs: Math.floor(this.random() * 90_000), isMeta: true }),
    );
    lines.push({ type: "last-prompt", lastPrompt: "go on", leafUuid: this.last, sessionId: this.id });
    return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  }

  /** A call of a tool, and its result. */
  step() {
    const id = this.answerId();
    const lines = [];
    if (this.random() < 0.5)
      lines.push(this.answer(id, { type: "thinking", thinking: this.prose(), signature: this.signature() }, null));
    if (this.random() < 0.4) lines.push(this.answer(id, { type: "text", text: this.prose() }, null));
    const call = `toolu_${this.hex(24)}`;
    const path = `${this.directory}/lib/${this.hex(6)}.ts`;
    const text = this.code();
    const kind = this.random();
    /** @type {[string, object, string, object]} */
    const [name, input, output, structured] =
      kind < 0.4
        ? [
            "Read",
            { file_path: path },
            numbered(text),
            { type: "text", file: { filePath: path, content: text, numLines: text.split("\n").length, startLine: 1 } },
          ]
        : kind < 0.7
          ? [
              "Edit",
              { file_path: path, old_string: text.slice(0, 400), new_string: text.slice(200, 700) },
              `The file ${path} has been updated.`,
              {
                filePath: path,
                oldString: text.slice(0, 400),
                newString: text.slice(200, 700),
                originalFile: text,
                structuredPatch: [
                  { oldStart: 1, oldLines: 9, newStart: 1, newLines: 12, lines: text.slice(0, 700).split("\n") },
                ],
              },
            ]
          : [
              "Bash",
              { command: "npm test", description: "Run the tests" },
              text,
              { stdout: text, stderr: "", interrupted: false, isImage: false },
            ];
    lines.push(this.answer(id, { type: "tool_use", id: call, name, input }, "tool_use"));
    const source = this.last;
    if (this.random() < 0.5)
      lines.push(
        this.line("progress", {
          data: { type: "hook_progress", hookEvent: "PostToolUse", hookName: `PostToolUse:${name}`, command: "lint" },
          toolUseID: call,
          parentToolUseID: call,
        }),
      );
    lines.push(
      this.line("user", {
        message: {
          role: "user",
          content: [{ tool_use_id: call, type: "tool_result", content: output, is_error: false }],
        },
        toolUseResult: structured,
        sourceToolAssistantUUID: source,
      }),
    );
    return lines;
  }

  /**
   * @param {string} id
   * @param {object} block
   * @param {string | null} stop
   */
  answer(id, block, stop) {
    return this.line("assistant", {
      message: {
        model: "claude-sonnet-4-5",
        id,
        type: "message",
        role: "assistant",
        content: [block],
        stop_reason: stop,
        stop_sequence: null,
        usage: {
          input_tokens: 12,
          cache_creation_input_tokens: Math.floor(this.random() * 9000),
          cache_read_input_tokens: Math.floor(this.random() * 150_000),
          cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 812 },
          output_tokens: Math.floor(this.random() * 900),
          service_tier: "standard",
        },
      },
      requestId: `req_${this.hex(24)}`,
    });
  }

  /** @param {string} type */
  harness(type) {
    const content = "<system-reminder>\nSo it stands now.\n</system-reminder>";
    return this.line("attachment", { attachment: { type }, rendered: [{ content }] });
  }

  snapshot() {
    const messageId = this.uuid();
    const timestamp = this.time();
    const snapshot = { messageId, trackedFileBackups: {}, timestamp };
    return { type: "file-history-snapshot", messageId, snapshot, isSnapshotUpdate: false };
  }

  /**
   * @param {string} type
   * @param {object} rest
   */
  line(type, rest) {
    const parentUuid = this.last;
    this.last = this.uuid();
    return {
      parentUuid,
      isSidechain: false,
      userType: "external",
      cwd: this.directory,
      sessionId: this.id,
      version: VERSION,
      gitBranch: "main",
      type,
      ...rest,
      uuid: this.last,
      timestamp: this.time(),
    };
  }

  prose() {
    return pick(this.texts.prose, this.random);
  }

  code() {
    return pick(this.texts.code, this.random);
  }

  answerId() {
    return `msg_${this.hex(22)}`;
  }

  signature() {
    return Buffer.from(this.hex(900), "latin1")
      .toString("base64")
      .slice(0, 600 + Math.floor(this.random() * 500));
  }

  time() {
    this.ms += Math.floor(this.random() * STEP_MS);
    return new Date(this.ms).toISOString();
  }

  uuid() {
    const hex = this.hex(32);
    return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)].join(
      "-",
    );
  }

  /** @param {number} length */
  hex(length) {
    let text = "";
    while (text.length < length)
      text += Math.floor(this.random() * 2 ** 32)
        .toString(16)
        .padStart(8, "0");
    return text.slice(0, length);
  }
}

/**
 * Prose as lines with quotes, tabs and indents, as code has them.
 *
 * @param {string} text
 */
function codeOf(text) {
  return text.replaceAll(". ", ";\n\t").replaceAll(", ", '", "');
}

/** @param {string} text */
function numbered(text) {
  return text
    .split("\n")
    .map((line, index) => `${String(index + 1).padStart(6)}→${line}`)
    .join("\n");
}

/**
 * @param {string[]} texts
 * @param {() => number} random
 */
function pick(texts, random) {
  return texts[Math.floor(random() * texts.length)] ?? "";
}
