/**
 * Self-signed certificates for development, generated with WebCrypto.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { selfSigned } from "@hardlight/hardlight/tls";
 *
 * const { cert, key, fingerprint } = await selfSigned();
 * assert(cert.startsWith("-----BEGIN CERTIFICATE-----") && key.includes("PRIVATE KEY"));
 * assert.match(fingerprint, /^[0-9a-f]{64}$/); // for clients: `tls: { fingerprint }`
 * ```
 *
 * @module
 */
export { type SelfSigned, selfSigned, type SelfSignedOptions } from "./self_signed.ts";
