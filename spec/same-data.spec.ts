// What was given is the same wherever its attachments lie: in the line, or in a file of their own.
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { LEAST_BLOB } from "../lib/base/options.ts";
import { loadCanonical } from "../lib/line/canonical.ts";
import { isSameData } from "../lib/line/same-data.ts";

beforeAll(loadCanonical);

test("data is the same as its own JSON, and other than any other text in it", () => {
  const around = fc.string({ maxLength: 3 * LEAST_BLOB, unit: fc.constantFrom("a b", "-", ". ", "é", "4") });
  const bytes = fc.uint8Array({ minLength: LEAST_BLOB / 2, maxLength: LEAST_BLOB });
  fc.assert(
    fc.property(around, bytes, around, (before, content, after) => {
      const data = { before, text: Buffer.from(content).toString("base64"), after };
      expect(isSameData(data, JSON.stringify(Object.assign({ after }, data)))).toBe(true);
      expect(isSameData(data, JSON.stringify({ ...data, text: `${data.text}=` }))).toBe(false);
    }),
    { numRuns: 200 },
  );
});
