/**
 * {@linkcode listen}: by what the running runtime has.
 *
 * @module
 */

import type { Acceptor } from "../wire/transport.ts";
import { listen as bunListen } from "./bun.ts";
import { runtimeName } from "./detect.ts";
import type { Listener, ListenOptions } from "./listen.ts";
import { listen as rawListen } from "./node/server.ts";

/**
 * @throws {TypeError} If it is not a number.
 * @throws {RangeError} If no port has that number.
 */
export function checkPort(port: unknown): void {
  if (Number.isInteger(port) && Number(port) >= 0 && Number(port) <= 65_535) return;
  const wrong = typeof port === "number" ? RangeError : TypeError;
  throw new wrong(`Cannot listen on port ${port}: expected a number from 0 to 65535`);
}

/** Listen. Rejects with a `TypeError` in a browser, or with the runtime's error in words. */
export async function listen(acceptor: Acceptor, options: ListenOptions): Promise<Listener> {
  const runtime = runtimeName();
  if (runtime === "browser") throw new TypeError("Cannot listen: a browser has no sockets");
  try {
    return await (runtime === "bun" ? bunListen : rawListen)(acceptor, options);
  } catch (error) {
    throw inWords(error, options);
  }
}

/** Rewrites a runtime's error for an address it cannot bind as a clear text, keeping its `code`. */
function inWords(error: unknown, { port, hostname }: ListenOptions): unknown {
  const { code } = error as { readonly code?: unknown };
  const advice = typeof code === "string" ? ADVICE[code] : undefined;
  if (advice === undefined) return error;
  const where = hostname === undefined ? `port ${port}` : `${hostname}, port ${port}`;
  return Object.assign(
    new Error(`Cannot listen on ${where}: ${advice} (${code})`, { cause: error }),
    {
      code,
    },
  );
}

const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program has it; stop that one or give another, 0 lets the system choose",
  EACCES: "this user may not take it; give one from 1024 up",
  EADDRNOTAVAIL: "this machine does not have that address",
  // On Deno.
  EINVAL: "this machine does not have that address",
  ENOTFOUND: "no such host is known; give an address of this machine",
  EAI_AGAIN: "its name cannot be resolved now; give an address of this machine",
};
