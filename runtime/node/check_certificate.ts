/**
 * {@linkcode checkCertificate}: validates a server's certificate and key. Deno reports such mistakes only to
 * clients, Bun and Node don't say which of the two is wrong, and none reports missing parts.
 *
 * @module
 */

import { createPrivateKey, X509Certificate } from "node:crypto";
import { kindOf } from "../../wire/option_kinds.ts";

/**
 * Throws `TypeError` if a server cannot present `cert` and prove that it holds its `key`. Both are PEM, as
 * given in options.
 */
export function checkCertificate(cert: unknown, key: unknown): void {
  const certificate = parsed("tls.cert", "certificate", cert, (pem) => new X509Certificate(pem));
  const privateKey = parsed("tls.key", "private key", key, (pem) => createPrivateKey(pem));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new TypeError(
      'Cannot listen: "tls.key" is the private key of another certificate than "tls.cert"',
    );
  }
}

function parsed<T>(name: string, what: string, pem: unknown, parse: (pem: string) => T): T {
  if (typeof pem !== "string" || pem === "") {
    throw new TypeError(
      `Cannot listen: expected a ${what} in PEM as "${name}", got ${
        pem === "" ? '""' : kindOf(pem)
      }`,
    );
  }
  try {
    return parse(pem);
  } catch (cause) {
    throw new TypeError(
      `Cannot listen: the ${what} "${name}" cannot be read; give its text in PEM, not a file's name`,
      { cause },
    );
  }
}
