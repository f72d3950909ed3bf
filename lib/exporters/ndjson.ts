// A record a line: a session, then its messages: importers/turnlog-lines.ts reads it back.
import { Readable } from "node:stream";
import { givenEntry, givenInfo } from "./exporter.ts";
import type { Exporter, Sessions, Text } from "./exporter.ts";

export const ndjson: Exporter = {
  ending: ".ndjson",
  async *all(sessions: Sessions): Text {
    const { default: lines } = await import("ndjson");
    const records = Readable.from(recordsOf(sessions));
    const stream = lines.stringify();
    // Readable.pipe() tells nobody of an error.
    records.on("error", (error) => stream.destroy(error));
    try {
      for await (const line of records.pipe(stream) as AsyncIterable<Buffer | string>) yield String(line);
    } finally {
      records.destroy();
    }
  },
};

async function* recordsOf(sessions: Sessions): AsyncGenerator<object> {
  for await (const session of sessions) {
    yield { type: "session", ...givenInfo(session.info) };
    for await (const entry of session.messages()) yield { type: "message", ...givenEntry(entry) };
    if (session.damaged !== undefined) yield { type: "damaged", id: session.info.id, reason: session.damaged };
  }
}
