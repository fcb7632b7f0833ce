/**
 * Writes the subset of DER (ITU-T X.690) that a certificate needs, and PEM (RFC 7468).
 *
 * @module
 */

/** Tags by name; context-specific ones are given by number to {@linkcode tlv}. */
export const DER_TAG = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Bytes after bytes. */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Tag, length in the fewest bytes, and the parts one after another as the value. */
export function tlv(tag: number, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const value = concat(parts);
  const size: number[] = [];
  for (let rest = value.length; rest > 0; rest >>>= 8) size.unshift(rest & 255);
  const length = value.length < 128 ? [value.length] : [0x80 | size.length, ...size];
  return concat([new Uint8Array([tag, ...length]), value]);
}

/** `SEQUENCE` of the parts. */
export function sequence(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return tlv(DER_TAG.sequence, ...parts);
}

/** `INTEGER`, not negative, from its big-endian bytes. */
export function integer(magnitude: Uint8Array): Uint8Array<ArrayBuffer> {
  let start = 0;
  while (start < magnitude.length - 1 && magnitude[start] === 0) start++;
  const digits = magnitude.subarray(start);
  // A leading one bit would make it negative.
  const sign = new Uint8Array(digits.length === 0 || (digits[0] ?? 0) >= 128 ? 1 : 0);
  return tlv(DER_TAG.integer, sign, digits);
}

/** `OBJECT IDENTIFIER` in dotted form. */
export function objectIdentifier(dotted: string): Uint8Array<ArrayBuffer> {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second].concat(rest).flatMap((arc) => {
    const septets = [arc & 127];
    for (arc >>>= 7; arc > 0; arc >>>= 7) septets.unshift(arc & 127 | 128);
    return septets;
  });
  return tlv(DER_TAG.objectIdentifier, new Uint8Array(bytes));
}

/** `BIT STRING` of whole bytes. */
export function bitString(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return tlv(DER_TAG.bitString, new Uint8Array(1), bytes);
}

/**
 * A time in whole seconds: `UTCTime` until the end of 2049, `GeneralizedTime` from 2050
 * (RFC 5280, 4.1.2.5).
 */
export function time(date: Date): Uint8Array<ArrayBuffer> {
  const digits = date.toISOString().replace(/\.\d+|[-:T]/g, ""); // YYYYMMDDhhmmssZ
  const year = date.getUTCFullYear();
  if (year < 1950 || year > 9999) throw new RangeError(`Cannot write the year ${year} in DER`);
  return year < 2050
    ? tlv(DER_TAG.utcTime, new TextEncoder().encode(digits.slice(2)))
    : tlv(DER_TAG.generalizedTime, new TextEncoder().encode(digits));
}

/** DER under a label, in lines of 64 characters. */
export function pem(label: "CERTIFICATE" | "PRIVATE KEY", der: Uint8Array): string {
  const base64 = btoa(Array.from(der, (byte) => String.fromCharCode(byte)).join(""));
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
