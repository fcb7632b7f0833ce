/**
 * {@linkcode Fnv}: FNV-1a of 64 bits, without bigints.
 *
 * @module
 */

/** The prime is 2⁴⁰ and this. */
const PRIME_LOW = 0x1b3;

/** A hash under way. A name for comparing, no defence. */
export class Fnv {
  /** Upper half of the state. */
  high = 0xcbf2_9ce4;
  /** Lower half. */
  low = 0x8422_2325;

  /** Create as another is, or where each hash begins. */
  constructor(as?: Fnv) {
    if (as !== undefined) this.set(as.high, as.low);
  }

  /** Go on from a state. */
  set(high: number, low: number): this {
    this.high = high;
    this.low = low;
    return this;
  }

  /** Feed bytes. */
  feed(bytes: Uint8Array): this {
    // Signed while it runs: engines keep those as integers.
    let high = this.high | 0;
    let low = this.low | 0;
    for (let i = 0; i < bytes.length; i++) {
      low ^= bytes[i]!;
      const first = (low & 0xffff) * PRIME_LOW;
      const second = (low >>> 16) * PRIME_LOW + (first >>> 16);
      high = ((Math.imul(high, PRIME_LOW) + (low << 8)) | 0) + (second >>> 16) | 0;
      low = (second << 16) | (first & 0xffff);
    }
    return this.set(high >>> 0, low >>> 0);
  }

  /** 16 hex digits. */
  get hex(): string {
    return [this.high, this.low].map((half) => half.toString(16).padStart(8, "0")).join("");
  }
}

const encoder = /* @__PURE__ */ new TextEncoder();

/** The hash of a text's UTF-8. */
export function hashText(text: string): string {
  return new Fnv().feed(encoder.encode(text)).hex;
}
