/**
 * {@linkcode SeaHasher}: the hash that rkyv's hash index is built on.
 *
 * @module
 */

const MASK = 0xffff_ffff_ffff_ffffn;
const DIFFUSION = 0x6eed_0e9d_a4d9_4a4fn;
const SEEDS = [
  0x0857_6fb6_170b_5f5fn,
  0x5877_75ee_b84a_7e46n,
  0xac70_1115_428e_e569n,
  0x910f_eb91_b92b_b1cdn,
] as const;

function diffuse(x: bigint): bigint {
  x = (x * DIFFUSION) & MASK;
  x ^= (x >> 32n) >> (x >> 60n);
  return (x * DIFFUSION) & MASK;
}

const MAX_KEPT_BYTES = 4096;

/**
 * SeaHash over the bytes fed to it.
 *
 * Rust: `seahash` 4.1, as used by `rkyv/src/collections/hash_index`.
 */
export class SeaHasher {
  #bytes = new Uint8Array(64);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** Forget what was fed. */
  reset(): void {
    this.#length = 0;
    if (this.#bytes.length > MAX_KEPT_BYTES) {
      this.#bytes = new Uint8Array(64);
      this.#view = new DataView(this.#bytes.buffer);
    }
  }

  #room(count: number): number {
    const at = this.#length;
    this.#length = at + count;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(this.#length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }

  /** Feed one byte. */
  u8(value: number): void {
    this.#view.setUint8(this.#room(1), value);
  }

  /** Feed two bytes. */
  u16(value: number): void {
    this.#view.setUint16(this.#room(2), value, true);
  }

  /** Feed four bytes. */
  u32(value: number): void {
    this.#view.setUint32(this.#room(4), value, true);
  }

  /** Feed eight bytes. */
  u64(value: bigint): void {
    this.#view.setBigUint64(this.#room(8), BigInt.asUintN(64, value), true);
  }

  /** Feed bytes as they are. */
  write(bytes: Uint8Array): void {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** The hash of what was fed. */
  finish(): bigint {
    let [a, b, c, d]: [bigint, bigint, bigint, bigint] = [...SEEDS];
    const length = this.#length;
    const whole = length & ~7;
    for (let i = 0; i < whole; i += 8) {
      const mixed = diffuse(a ^ this.#view.getBigUint64(i, true));
      a = b;
      b = c;
      c = d;
      d = mixed;
    }
    if (whole < length) {
      let word = 0n;
      for (let i = length - 1; i >= whole; i--) word = (word << 8n) | BigInt(this.#bytes[i]!);
      a = diffuse(a ^ word);
    }
    return diffuse(a ^ b ^ c ^ d ^ BigInt(length));
  }

  /** The hash of `seed` as four bytes and then what was fed. */
  finishSeeded(seed: number): bigint {
    const length = this.#length;
    this.#room(4);
    this.#bytes.copyWithin(4, 0, length);
    this.#view.setUint32(0, seed, true);
    const hash = this.finish();
    this.#bytes.copyWithin(0, 4, length + 4);
    this.#length = length;
    return hash;
  }
}
