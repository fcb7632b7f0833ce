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
import { bitString, DER_TAG, integer, objectIdentifier, pem, sequence, time, tlv } from "./der.ts";
import { generalName } from "./general_name.ts";

const DAY_MS = 86_400_000;

/** How far back a certificate begins, for peers whose clocks are slow. */
const BACKDATE_MS = 3_600_000;

/** RFC 5280 allows 20 bytes; 16 random ones never meet twice. */
const SERIAL_BYTES = 16;

const DEFAULT_HOSTS = ["localhost", "127.0.0.1", "::1"] as const;
const DEFAULT_DAYS = 365;
const MAX_DAYS = 36_500;

const COMMON_NAME = "2.5.4.3";
const SUBJECT_ALT_NAME = "2.5.29.17";
const ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";

/** What {@linkcode selfSigned} is asked for. */
export interface SelfSignedOptions {
  /** DNS names and IP addresses to dial. Default: `localhost`, `127.0.0.1` and `::1`. */
  readonly hosts?: readonly string[];
  /** Days from now until it expires: 1 to 36,500, default 365. */
  readonly days?: number;
}

/** A certificate and its key, as `Deno.serve`, `Bun.serve` and `node:tls` take them. */
export interface SelfSigned {
  /** PEM `CERTIFICATE`. */
  readonly cert: string;
  /** PEM `PRIVATE KEY` (PKCS#8). */
  readonly key: string;
  /** SHA-256 of the certificate's DER: 64 lower-case hex digits, for a client to pin. */
  readonly fingerprint: string;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function isTexts(given: unknown): boolean {
  return Array.isArray(given) && given.every((each) => typeof each === "string");
}

/** Random, positive and of always the same length: the top bit clear, the next one set. */
function randomSerial(): Uint8Array<ArrayBuffer> {
  const serial = crypto.getRandomValues(new Uint8Array(SERIAL_BYTES));
  serial[0] = (serial[0] ?? 0) & 0x7f | 0x40;
  return serial;
}

/**
 * Generate a self-signed certificate and its key, for development and for clients that pin it.
 *
 * X.509 v3, P-256, ECDSA with SHA-256; the only extension is the subject alternative name. The certificate
 * never has `CA:TRUE`: rustls, which Deno and Rust clients use, rejects such a server certificate. The
 * subject is random, so that a client that trusts an older certificate reports "unknown issuer" instead of
 * "bad signature".
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { selfSigned } from "@hardlight/hardlight/tls";
 *
 * const { cert, key, fingerprint } = await selfSigned({ hosts: ["localhost", "192.0.2.1"], days: 7 });
 * assert.match(cert, /^-----BEGIN CERTIFICATE-----/);
 * assert.match(key, /^-----BEGIN PRIVATE KEY-----/);
 * assert.equal(fingerprint.length, 64);
 * ```
 *
 * @param options Its hosts and its lifetime.
 * @returns The certificate, the key and the fingerprint.
 * @throws {TypeError} If there are no hosts, or one is neither a DNS name nor an IP address.
 * @throws {RangeError} If `days` is out of range.
 */
export async function selfSigned(options: SelfSignedOptions = {}): Promise<SelfSigned> {
  const { hosts = DEFAULT_HOSTS, days = DEFAULT_DAYS } = Object(options) as SelfSignedOptions;
  if (Object(options) !== options || !isTexts(hosts)) {
    throw new TypeError(
      'Cannot make a certificate: expected options, as in { hosts: ["localhost"] }',
    );
  }
  if (hosts.length === 0) throw new TypeError("Cannot make a certificate: no hosts were given");
  if (!(days >= 1 && days <= MAX_DAYS)) {
    throw new RangeError(`Cannot make a certificate for ${days} days: not 1 to ${MAX_DAYS}`);
  }
  const names = sequence(...hosts.map(generalName));

  const { publicKey, privateKey } = await crypto.subtle.generateKey(
    { name: "ECDSA", namedCurve: "P-256" },
    true,
    ["sign", "verify"],
  );
  const now = Date.now();
  const serial = randomSerial();
  const algorithm = sequence(objectIdentifier(ECDSA_WITH_SHA256));
  const commonName = tlv(
    DER_TAG.utf8String,
    new TextEncoder().encode(`hardlight self-signed ${hex(serial.subarray(0, 8))}`),
  );
  const name = sequence(
    tlv(DER_TAG.set, sequence(objectIdentifier(COMMON_NAME), commonName)),
  );

  // TBSCertificate, RFC 5280, 4.1.
  const body = sequence(
    tlv(0xa0, integer(new Uint8Array([2]))), // [0] version: v3
    integer(serial),
    algorithm,
    name, // issuer
    sequence(time(new Date(now - BACKDATE_MS)), time(new Date(now + days * DAY_MS))),
    name, // subject
    new Uint8Array(await crypto.subtle.exportKey("spki", publicKey)),
    tlv(
      0xa3, // [3] extensions
      sequence(
        sequence(objectIdentifier(SUBJECT_ALT_NAME), tlv(DER_TAG.octetString, names)),
      ),
    ),
  );

  const signature = new Uint8Array(
    await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, body),
  );
  // WebCrypto concatenates r and s; X.509 needs a sequence of two integers.
  const half = signature.length / 2;
  const pair = sequence(integer(signature.subarray(0, half)), integer(signature.subarray(half)));
  const certificate = sequence(body, algorithm, bitString(pair));

  return {
    cert: pem("CERTIFICATE", certificate),
    key: pem("PRIVATE KEY", new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey))),
    fingerprint: hex(new Uint8Array(await crypto.subtle.digest("SHA-256", certificate))),
  };
}
