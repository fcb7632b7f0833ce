const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Bytes in base64url without padding (RFC 4648, section 5). */
export function base64url(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const group = bytes[i]! << 16 | (bytes[i + 1] ?? 0) << 8 | (bytes[i + 2] ?? 0);
    text += ALPHABET[group >> 18]! + ALPHABET[group >> 12 & 63]!;
    if (left > 1) text += ALPHABET[group >> 6 & 63]!;
    if (left > 2) text += ALPHABET[group & 63]!;
  }
  return text;
}
