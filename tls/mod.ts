/**
 * Certificates for development, made on the spot with WebCrypto.
 *
 * @module
 */
export { type SelfSigned, selfSigned, type SelfSignedOptions } from "./self_signed.ts";
