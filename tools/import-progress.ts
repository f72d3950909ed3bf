// How far an import has come, in a line: how much of the bytes, how fast, how long it will take, what came in.
import type { ImportProgress } from "../lib/index.ts";
import { meter } from "./size.ts";
import { bytesText, counted } from "./text.ts";

const METER_WIDTH = 10;
/** Before that nobody can tell how fast it goes. */
const LEAST_MS = 500;
const MINUTE_S = 60;
const HOUR_S = 3600;

/** `ms`: since it began. */
export function importText({ sessions, found, messages, bytes, totalBytes }: ImportProgress, ms: number): string {
  const came = `${sessions.toLocaleString("en-US")} of ${counted(found, "session")}, ${counted(messages, "message")}`;
  // All of it lies still since the last time.
  if (totalBytes === 0) return came;
  const percent = `${Math.floor((bytes / totalBytes) * 100)} %`;
  const much = `${percent} of ${bytesText(totalBytes)}`;
  const rate = ms >= LEAST_MS && bytes > 0 ? bytes / (ms / 1000) : undefined;
  const speed =
    rate === undefined ? [] : [`${bytesText(Math.round(rate))}/s`, `${timeText((totalBytes - bytes) / rate)} left`];
  return `${meter(bytes, totalBytes, METER_WIDTH)} ${[much, ...speed, came].join(", ")}`;
}

/** `5 s`, `3 min`, `1 h 20 min`: rounded up, as people wait. */
function timeText(seconds: number): string {
  if (seconds < MINUTE_S) return `${Math.ceil(seconds)} s`;
  if (seconds < HOUR_S) return `${Math.ceil(seconds / MINUTE_S)} min`;
  const minutes = Math.ceil(seconds / MINUTE_S);
  return `${Math.floor(minutes / MINUTE_S)} h ${minutes % MINUTE_S} min`;
}
