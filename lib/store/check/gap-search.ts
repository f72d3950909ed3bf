// Looks through the logs of a session for a line that this machine's are known to have had. Where it is not there, an older
// copy has taken a log's place, unless something else explains it: a deletion leaves a stub, which ends in a later `delete`,
// and bytes that are no line any more, just where it should stand, are damage, and told of as that.
import type { LineHead } from "../../line/decode.ts";
import { compareStamps } from "../../line/stamp.ts";
import type { Stamp } from "../../line/stamp.ts";
import { proves } from "./own-last.ts";

const DAMAGE: ReadonlySet<string> = new Set(["damaged", "altered"]);

/** The offsets of a log's sound lines around the one that is looked for. */
interface Gap {
  before: number;
  after: number;
  readonly damage: number[];
}

export class GapSearch {
  readonly had: Stamp;
  /** Only the very line will do: its writer has written on where it is not. */
  readonly #isExact: boolean;
  readonly #gaps = new Map<number, Gap>();
  #isExplained = false;

  constructor(had: Stamp, isExact = false) {
    this.had = had;
    this.#isExact = isExact;
  }

  /** `own`: the number of a log of this machine's that it stands in. */
  line({ stamp, type, sound, offset }: LineHead, own?: number): void {
    const order = compareStamps(stamp, this.had);
    if (order === 0 || (!this.#isExact && proves(stamp, this.had))) this.#isExplained = true;
    if (own === undefined || !sound) return;
    if (order > 0 && type === "delete") this.#isExplained = true;
    const gap = this.#gapOf(own);
    if (order < 0) gap.before = Math.max(gap.before, offset);
    else gap.after = Math.min(gap.after, offset);
  }

  problem({ code, offset }: { readonly code: string; readonly offset: number }, own: number): void {
    if (DAMAGE.has(code)) this.#gapOf(own).damage.push(offset);
  }

  /** The log is read anew. */
  forget(own: number): void {
    this.#gaps.delete(own);
  }

  /** All is read, and it was nowhere. */
  get isMissing(): boolean {
    const isDamage = ({ before, after, damage }: Gap): boolean => damage.some((at) => at > before && at < after);
    return !this.#isExplained && ![...this.#gaps.values()].some(isDamage);
  }

  #gapOf(log: number): Gap {
    const known = this.#gaps.get(log);
    if (known !== undefined) return known;
    const gap: Gap = { before: -1, after: Number.POSITIVE_INFINITY, damage: [] };
    this.#gaps.set(log, gap);
    return gap;
  }
}
