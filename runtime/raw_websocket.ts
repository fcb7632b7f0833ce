/**
 * A WebSocket client of our own (RFC 6455) over `node:net` and `node:tls`, for Deno, Bun and Node.
 *
 * No standard `WebSocket` can offer `hl/2`, read the answer's headers, or pin a certificate, and
 * each makes one system call a message: here the frames of one turn go out in one write.
 *
 * @module
 */

import type {
  Dialed,
  Dialer,
  DialRequest,
  Transport,
  TransportListener,
} from "../wire/transport.ts";
import { openWebSocket } from "./raw_connect.ts";
import { RawTransport } from "./raw_transport.ts";

/**
 * Open a connection that speaks `hl/2`.
 *
 * @throws {TypeError} If the URL, a header or the fingerprint cannot be used.
 */
export const dial: Dialer = async (
  request: DialRequest,
  open: (transport: Transport, dialed: Dialed) => TransportListener,
): Promise<void> => {
  await openWebSocket(request, (socket, dialed, rest) => {
    const transport = new RawTransport("client", socket, request);
    transport.start(open(transport, dialed), rest);
  });
};
