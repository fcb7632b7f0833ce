/**
 * {@linkcode openVectorMask}: the mask of RFC 6455, 16 bytes at a time, in WebAssembly.
 *
 * @module
 */

/** The size of its memory: one page, which is a multiple of the mask. */
const PAGE_BYTES = 65_536;

/**
 * Mask or unmask the bytes from `start` to `end`, by copying them to WebAssembly, and from there to `at` of others.
 *
 * @param mask The four bytes, the first one highest.
 * @param into Where they go: also the same bytes.
 */
export type VectorMask = (
  bytes: Uint8Array,
  start: number,
  end: number,
  mask: number,
  into: Uint8Array,
  at: number,
) => void;

/** Create one. `undefined` where there is no WebAssembly, as on Node with `--jitless`. */
export function openVectorMask(): VectorMask | undefined {
  let instance: WebAssembly.Instance;
  try {
    instance = new WebAssembly.Instance(new WebAssembly.Module(vectorModule()));
  } catch {
    return undefined;
  }
  const { m: memory, f } = instance.exports;
  const page = new Uint8Array((memory as WebAssembly.Memory).buffer);
  const maskPage = f as (at: number, end: number, word: number) => void;
  return (bytes, start, end, mask, into, to) => {
    // WebAssembly is little-endian everywhere.
    const word = mask << 24 | (mask & 0xff00) << 8 | mask >>> 8 & 0xff00 | mask >>> 24;
    for (let at = start; at < end; at += PAGE_BYTES) {
      const part = bytes.subarray(at, Math.min(end, at + PAGE_BYTES));
      page.set(part);
      maskPage(0, part.length, word);
      into.set(part.length === PAGE_BYTES ? page : page.subarray(0, part.length), to + at - start);
    }
  };
}

/**
 * The module, by hand:
 *
 * ```wat
 * (memory (export "m") 1)
 * (func (export "f") (param $at i32) (param $end i32) (param $word i32) (local $mask v128)
 *   (local.set $mask (i32x4.splat (local.get $word)))
 *   (loop
 *     ;; for each of 8 vectors, at an offset of 0, 16 … 112
 *     (v128.store offset=… (local.get $at)
 *       (v128.xor (v128.load offset=… (local.get $at)) (local.get $mask)))
 *     (br_if 0 (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 128))) (local.get $end)))))
 * ```
 */
function vectorModule(): Uint8Array<ArrayBuffer> {
  const code = [1, 1, 0x7b]; // one local, of v128
  code.push(0x20, 2, 0xfd, 0x11, 0x21, 3, 0x03, 0x40); // local.get, i32x4.splat, local.set, loop
  for (let offset = 0; offset < 128; offset += 16) {
    code.push(0x20, 0, 0x20, 0, 0xfd, 0, 4, offset); // local.get, local.get, v128.load
    code.push(0x20, 3, 0xfd, 0x51, 0xfd, 0x0b, 4, offset); // local.get, v128.xor, v128.store
  }
  code.push(0x20, 0, 0x41, 0x80, 1, 0x6a, 0x22, 0); // local.get, i32.const 128, i32.add, local.tee
  code.push(0x20, 1, 0x49, 0x0d, 0, 0x0b, 0x0b); // local.get, i32.lt_u, br_if, end, end
  const body = [1, ...inTwoBytes(code.length), ...code];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 7, 1, 0x60, 3, 0x7f, 0x7f, 0x7f, 0], // the type of the function
    ...[3, 2, 1, 0], // the function
    ...[5, 3, 1, 0, 1], // a memory of one page
    ...[7, 9, 2, 1, 0x6d, 2, 0, 1, 0x66, 0, 0], // "m" and "f"
    ...[10, ...inTwoBytes(body.length), ...body],
  ]);
}

/** A length in LEB128. */
function inTwoBytes(length: number): [number, number] {
  return [length & 127 | 128, length >> 7];
}
