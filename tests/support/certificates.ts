/** Certificates for tests over TLS, made once in a process. */

import { type SelfSigned, selfSigned } from "../../tls/self_signed.ts";

/** A pair of them. */
export interface Certificates {
  /** The server's certificate. */
  readonly server: SelfSigned;
  /** A certificate of no server. */
  readonly other: SelfSigned;
}

let made: Promise<Certificates> | undefined;

/** Two certificates of localhost, 127.0.0.1 and ::1. */
export function certificates(): Promise<Certificates> {
  made ??= Promise.all([selfSigned(), selfSigned()]).then(([server, other]) => ({ server, other }));
  return made;
}
