/**
 * {@linkcode ServerTls}: the certificate that a server presents.
 *
 * @module
 */
import { selfSigned } from "./self_signed.ts";

/** The server's certificate. */
export type ServerTls =
  /** A new one for `localhost`, `127.0.0.1`, `::1` and `hostname`, which clients have to pin or accept. */
  | "self-signed"
  /** None: `ws:`. For a server behind a proxy that speaks TLS. */
  | "plain"
  | {
    /** Certificate chain in PEM. */
    readonly cert: string;
    /** Private key in PEM. */
    readonly key: string;
  };

/** The server's certificate, with the fingerprint if it was generated here; empty if TLS is off. */
export async function certificateOf(
  { tls = "self-signed", hostname }: {
    readonly tls?: ServerTls | undefined;
    readonly hostname?: string | undefined;
  },
): Promise<{ cert?: string; key?: string; fingerprint?: string }> {
  if (tls === "plain") return {};
  if (tls !== "self-signed") {
    if (typeof tls !== "object" || tls === null) {
      throw new TypeError(`Cannot use tls "${tls}": expected self-signed, plain or { cert, key }`);
    }
    return { cert: tls.cert, key: tls.key };
  }
  const hosts = new Set(["localhost", "127.0.0.1", "::1"]);
  if (hostname !== undefined && !UNSPECIFIED.has(hostname)) hosts.add(hostname);
  return await selfSigned({ hosts: [...hosts] });
}

const UNSPECIFIED: ReadonlySet<string> = new Set(["0.0.0.0", "::", "[::]", ""]);

/** The host to connect to, of the one that is listened on. */
export function urlHost(hostname: string | undefined): string {
  if (hostname === undefined || UNSPECIFIED.has(hostname)) return "localhost";
  return hostname.includes(":") && !hostname.startsWith("[") ? `[${hostname}]` : hostname;
}
