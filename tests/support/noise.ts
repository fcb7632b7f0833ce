/**
 * {@linkcode noise}: bytes that nothing makes smaller.
 *
 * @module
 */

/** Random bytes, of any length: the system gives 64 KiB at once at most. */
export function noise(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  return bytes;
}
