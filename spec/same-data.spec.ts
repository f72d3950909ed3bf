// Where an attachment may lie in a line is found by its digits, of which not all are looked at.
import fc from "fast-check";
import { expect, test } from "vitest";
import { LEAST_BLOB } from "../lib/base/options.ts";
import { normalText } from "../lib/line/same-data.ts";

test("a text of base64 that is long enough is found wherever it stands, and nothing shorter is taken for one", () => {
  const around = fc.string({ maxLength: 3 * LEAST_BLOB, unit: fc.constantFrom("a b", "-", ". ", "é", "4") });
  const bytes = fc.uint8Array({ minLength: LEAST_BLOB / 2, maxLength: LEAST_BLOB });
  fc.assert(
    fc.property(around, bytes, around, (before, content, after) => {
      const text = Buffer.from(content).toString("base64");
      const json = JSON.stringify({ before: `${before} .`, text, after: `. ${after}` });
      const others = JSON.stringify({ before: `${before} .`, text: "", after: `. ${after}` });
      const isAround = /[\w+/-]{1024}/.test(others);
      if (text.length <= LEAST_BLOB) expect(isAround || normalText(json) === json).toBe(true);
      // Bytes that are all alike look like what was written to be read.
      else if (new Set(content).size > 16) expect(normalText(json)).not.toBe(json);
    }),
    { numRuns: 200 },
  );
});
