/**
 * A stand-in for `@std/encoding` with the functions that the suite uses and the same meaning, so
 * that the tests run where JSR cannot be reached.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** Bytes as lower-case hex. */
export function encodeHex(src: string | Uint8Array | ArrayBuffer): string {
  return Buffer.from(src as Uint8Array).toString("hex");
}

/** Hex to bytes; throws on anything that is not hex. */
export function decodeHex(src: string): Uint8Array<ArrayBuffer> {
  if (src.length % 2 !== 0 || /[^0-9a-fA-F]/.test(src)) {
    throw new TypeError("Cannot decode input as hex");
  }
  return new Uint8Array(Buffer.from(src, "hex"));
}

/** Bytes as base64. */
export function encodeBase64(src: string | Uint8Array | ArrayBuffer): string {
  return Buffer.from(src as Uint8Array).toString("base64");
}

/** Base64 to bytes. */
export function decodeBase64(src: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(src, "base64"));
}
