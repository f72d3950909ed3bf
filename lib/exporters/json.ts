// One JSON array of sessions, a message a line: importers/turnlog.ts reads it back.
import { givenEntry, givenInfo } from "./exporter.ts";
import type { Exporter, OutgoingSession, Sessions, Text } from "./exporter.ts";

export const json: Exporter = {
  ending: ".json",
  async *all(sessions: Sessions): Text {
    let separator = "[\n";
    for await (const session of sessions) {
      yield separator;
      separator = ",\n";
      yield* textOf(session);
    }
    yield separator === "[\n" ? "[]\n" : "\n]\n";
  },
};

async function* textOf(session: OutgoingSession): Text {
  yield `${JSON.stringify(givenInfo(session.info)).slice(0, -1)},"messages":[`;
  let separator = "\n";
  for await (const entry of session.messages()) {
    yield separator;
    separator = ",\n";
    yield JSON.stringify(givenEntry(entry));
  }
  const end = session.damaged === undefined ? "" : `,"damaged":${JSON.stringify(session.damaged)}`;
  yield `${separator === "\n" ? "" : "\n"}]${end}}`;
}
