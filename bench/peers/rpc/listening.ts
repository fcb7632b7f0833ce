/**
 * {@linkcode listening}: a server of Node's kind on a free port.
 *
 * @module
 */
import type { AddressInfo } from "node:net";
import { HOST } from "./types.ts";

interface NodeServer {
  listen(port: number, host: string, then: () => void): unknown;
  address(): AddressInfo | string | null;
}

/** Listen; gives the port. */
export async function listening(server: NodeServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  return (server.address() as AddressInfo).port;
}
