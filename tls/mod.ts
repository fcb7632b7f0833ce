/**
 * Self-signed certificates for development, generated with WebCrypto.
 *
 * @module
 */
export { type SelfSigned, selfSigned, type SelfSignedOptions } from "./self_signed.ts";
