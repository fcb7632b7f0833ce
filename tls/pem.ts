/**
 * Writing PEM (RFC 7468).
 *
 * @module
 */

/** DER under a label, in lines of 64 characters. */
export function pem(label: "CERTIFICATE" | "PRIVATE KEY", der: Uint8Array): string {
  const base64 = btoa(Array.from(der, (byte) => String.fromCharCode(byte)).join(""));
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
