/**
 * {@linkcode checkCertificate}: what `node:https` on Deno says of a certificate only to its clients.
 *
 * @module
 */

import { createPrivateKey, X509Certificate } from "node:crypto";

/** Throws `TypeError` if a server cannot show `cert` and prove that it has its `key`, both in PEM. */
export function checkCertificate(cert: string, key: string): void {
  const certificate = parsed("certificate", () => new X509Certificate(cert));
  const privateKey = parsed("private key", () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new TypeError("Cannot listen: the private key is not the certificate's");
  }
}

function parsed<T>(what: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new TypeError(
      `Cannot listen: the ${what} cannot be read; give its text in PEM, not the name of its file`,
      { cause },
    );
  }
}
