// What is wrong with a piece of a log, in words.
import type { ProblemCode } from "../log/pieces.ts";

const EXPLANATIONS: Readonly<Record<ProblemCode, string>> = {
  torn: "the log ends in a write that did not finish; the next append seals it",
  damaged: "a piece of the log is no line, and is left out",
  glued: "a line was found inside a damaged piece, and is read",
  altered: "a line was changed after it was written: it is shown, flagged",
  conflict: "a conflict marker stands in the log; both sides are read",
  twice: "two lines that differ have one stamp, and one of them is left out",
  incomplete: "a line belongs to a commit whose end was never written, and is left out",
};

export function explain(code: ProblemCode): string {
  return EXPLANATIONS[code];
}
