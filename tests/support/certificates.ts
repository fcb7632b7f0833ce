/** Certificates for tests over TLS, made once in a process. */

import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A self-signed certificate of localhost, 127.0.0.1 and ::1. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
  readonly fingerprint: string;
}

function make(): TestCertificate {
  const dir = mkdtempSync(join(tmpdir(), "hardlight-"));
  execFileSync("openssl", [
    ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30".split(" "),
    ...`-keyout ${dir}/key.pem -out ${dir}/cert.pem -subj /CN=${dir.slice(-6)}`.split(" "),
    ...["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"],
    ...["-addext", "basicConstraints=CA:FALSE"],
  ], { stdio: "ignore" });
  const cert = readFileSync(`${dir}/cert.pem`, "utf8");
  const key = readFileSync(`${dir}/key.pem`, "utf8");
  return { cert, key, fingerprint: new X509Certificate(cert).fingerprint256 };
}

let made: Promise<{ server: TestCertificate; other: TestCertificate }> | undefined;

/** One for the server, and one that nobody serves. */
export function certificates(): Promise<{ server: TestCertificate; other: TestCertificate }> {
  made ??= Promise.resolve({ server: make(), other: make() });
  return made;
}
