// Looks for four bytes in a row by WebAssembly's vector instructions, which Node has no other way to. A Buffer's own
// search stops at each place that has the first byte: where that is rare it is fast, but where it is common, as a letter
// in two cases or a backslash is, it was measured at 0.2 to 0.5 GB/s, and tables or regular expressions in JavaScript at
// 0.4 to 0.9. This takes 1.5 to 3 for all bytes, two windows and the copy into its memory included. It is one loop:
//
//   do {
//     bits = one for each of the 16 places from `at` on that have the four bytes
//     if (bits) return at + (trailing zeros of bits)
//     at += 16
//   } while (at < end)
//   return -1

/** Four bytes, the first in the lowest bits. The bits of `masks` are set in `bytes`, and in what is compared with them. */
export interface Window {
  readonly bytes: number;
  readonly masks: number;
}

export const WINDOW_BYTES = 4;
/** So many places are looked at after each load: what was copied is still in the processor's cache. */
export const BLOCK_BYTES: number = 256 * 1024;

/** One for all: what was loaded stands until the next load, so it is searched in the same turn. */
export interface Scanner {
  /** Takes the first BLOCK_BYTES to be searched, and the few bytes behind them that belong to their last windows. */
  load(bytes: Buffer): void;
  /** The first place in [from, end) that has the window; -1: none. What lies behind the loaded bytes may be anything. */
  find(window: Window, from: number, end: number): number;
}

/** The same without vector instructions, ten times slower: WebAssembly can be switched off, and a processor old. */
export class PlainScanner implements Scanner {
  #bytes: Buffer = Buffer.alloc(0);

  load(bytes: Buffer): void {
    this.#bytes = bytes;
  }

  find({ bytes, masks }: Window, from: number, end: number): number {
    const all = this.#bytes;
    const mask = masks & 255;
    const first = bytes & 255;
    for (let at = from; at < end; at++) {
      if (((all[at] as number) | mask) !== first) continue;
      const others = ((all[at + 1] as number) << 8) | ((all[at + 2] as number) << 16) | ((all[at + 3] as number) << 24);
      if ((first | others | masks) === bytes) return at;
    }
    return -1;
  }
}

type Loop = (from: number, end: number, bytes: number, masks: number) => number;

/** What is used of WebAssembly: Node's types do not tell of it. */
interface WebAssemblyApi {
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> };
}

const PAGE_BYTES = 65_536;
const LANES = 16;

export class VectorScanner implements Scanner {
  readonly #memory: Uint8Array;
  readonly #loop: Loop;

  /** Throws where WebAssembly is switched off, or has no vector instructions. */
  constructor() {
    const api = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly;
    const { loop, memory } = new api.Instance(new api.Module(Uint8Array.from(moduleCode()))).exports;
    this.#memory = new Uint8Array((memory as { readonly buffer: ArrayBuffer }).buffer);
    this.#loop = loop as Loop;
  }

  load(bytes: Buffer): void {
    this.#memory.set(bytes.subarray(0, BLOCK_BYTES + WINDOW_BYTES - 1));
  }

  find({ bytes, masks }: Window, from: number, end: number): number {
    if (from >= end) return -1;
    const found = this.#loop(from, end, bytes, masks);
    // The last 16 places that it looked at may reach beyond the end.
    return found < end ? found : -1;
  }
}

let scanner: Scanner | undefined;

/** Made at the first search. */
export function sharedScanner(): Scanner {
  try {
    scanner ??= new VectorScanner();
  } catch {
    scanner = new PlainScanner();
  }
  return scanner;
}

// A module's first bytes, and the types and instructions that are used, as the WebAssembly specification numbers them.
const MAGIC = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const I32 = 0x7f;
const V128 = 0x7b;
const LOOP = [0x03, 0x40];
const IF = [0x04, 0x40];
const END = 0x0b;
const BR_IF = 0x0d;
const RETURN = 0x0f;
const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const LOCAL_TEE = 0x22;
const I32_CONST = 0x41;
const I32_LT_U = 0x49;
const I32_CTZ = 0x68;
const I32_ADD = 0x6a;
const I32_SHR_U = 0x76;
const V128_LOAD = [0xfd, 0x00];
const I8X16_SPLAT = [0xfd, 0x0f];
const I8X16_EQ = [0xfd, 0x23];
const V128_AND = [0xfd, 0x4e];
const V128_OR = [0xfd, 0x50];
const I8X16_BITMASK = [0xfd, 0x64];

// The loop's parameters, and its variables: each byte and each mask in all 16 lanes of a vector, and the bits.
const AT = 0;
const LIMIT = 1;
const BYTES = 2;
const MASKS = 3;
const PARAMETERS = 4;
const BYTE_LANES = PARAMETERS;
const MASK_LANES = BYTE_LANES + WINDOW_BYTES;
const BITS = MASK_LANES + WINDOW_BYTES;

function moduleCode(): number[] {
  const pages = BLOCK_BYTES / PAGE_BYTES + 1;
  const variables = [2, 2 * WINDOW_BYTES, V128, 1, I32];
  return [
    ...MAGIC,
    // The one type, the function of that type, the memory, the names of both, the function's code.
    ...section(1, [1, 0x60, PARAMETERS, ...Array.from({ length: PARAMETERS }, () => I32), 1, I32]),
    ...section(3, [1, 0]),
    ...section(5, [1, 1, pages, pages]),
    ...section(7, [2, ...sized(Buffer.from("loop")), 0, 0, ...sized(Buffer.from("memory")), 2, 0]),
    ...section(10, [1, ...sized([...variables, ...loopCode()])]),
  ];
}

function loopCode(): number[] {
  const code: number[] = [];
  for (let index = 0; index < WINDOW_BYTES; index++) {
    const shifted = (from: number): number[] => [LOCAL_GET, from, I32_CONST, 8 * index, I32_SHR_U, ...I8X16_SPLAT];
    code.push(...shifted(BYTES), LOCAL_SET, BYTE_LANES + index, ...shifted(MASKS), LOCAL_SET, MASK_LANES + index);
  }
  code.push(...LOOP);
  for (let index = 0; index < WINDOW_BYTES; index++) {
    // (bytes from `at` + index on | mask) == byte, in all lanes
    code.push(LOCAL_GET, AT, ...V128_LOAD, 0, index, LOCAL_GET, MASK_LANES + index, ...V128_OR);
    code.push(LOCAL_GET, BYTE_LANES + index, ...I8X16_EQ);
    if (index > 0) code.push(...V128_AND);
  }
  code.push(...I8X16_BITMASK, LOCAL_TEE, BITS);
  code.push(...IF, LOCAL_GET, AT, LOCAL_GET, BITS, I32_CTZ, I32_ADD, RETURN, END);
  code.push(LOCAL_GET, AT, I32_CONST, LANES, I32_ADD, LOCAL_TEE, AT, LOCAL_GET, LIMIT, I32_LT_U, BR_IF, 0, END);
  // -1, in one byte
  code.push(I32_CONST, 0x7f, END);
  return code;
}

function section(number: number, content: readonly number[]): number[] {
  return [number, ...sized(content)];
}

function sized(content: Iterable<number>): number[] {
  const bytes = [...content];
  return [...unsigned(bytes.length), ...bytes];
}

/** LEB128: seven bits in a byte, the lowest first. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}
