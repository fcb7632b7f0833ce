const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** Two letters for each 12 bits, so that a long topic is put together in few steps. */
const PAIRS: readonly string[] = Array.from(
  { length: 4096 },
  (_, bits) => ALPHABET[bits >> 6]! + ALPHABET[bits & 63]!,
);

/** Bytes in base64url without padding (RFC 4648, section 5). */
export function base64url(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const group = bytes[i]! << 16 | (bytes[i + 1] ?? 0) << 8 | (bytes[i + 2] ?? 0);
    text += PAIRS[group >> 12]!;
    if (left > 2) text += PAIRS[group & 4095]!;
    else if (left === 2) text += ALPHABET[group >> 6 & 63]!;
  }
  return text;
}
