/**
 * A WebSocket server of our own (RFC 6455) over `node:http` and `node:https`, for Deno and Node.
 *
 * `Deno.serve` leaves Nagle's algorithm on under TLS, so that two messages in a row wait for the
 * peer's delayed acknowledgement (44 ms); it makes one write a message, cannot cut a connection, and
 * puts no bound on a fragmented message.
 *
 * @module
 */

import http from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import type { Acceptor, PeerInfo, Upgrade } from "../wire/transport.ts";
import { CloseCode } from "../wire/close.ts";
import { upgradeRequired } from "./listen.ts";
import type { Fallback, Listener, ListenOptions } from "./listen.ts";
import { readBody, toRequest, writeResponse } from "./node_http.ts";
import { OpenSockets } from "./open_sockets.ts";
import { RawTransport } from "./raw_transport.ts";
import { asksForWebSocket, checkUpgradeRequest, upgradeHead } from "./raw_upgrade.ts";

/** Listen. Rejects if the address cannot be bound. */
export async function listen(acceptor: Acceptor, options: ListenOptions): Promise<Listener> {
  const { cert, key, signal } = options;
  const secure = cert !== undefined && key !== undefined;
  const server: Server = secure
    ? https.createServer({
      cert,
      key,
      ALPNProtocols: ["http/1.1"],
      handshakeTimeout: acceptor.handshakeTimeoutMs,
    })
    : http.createServer();
  const sockets = new OpenSockets(acceptor.handshakeTimeoutMs);
  new RawServer(acceptor, options.fallback ?? upgradeRequired, secure, sockets).attach(server);
  await bound(server, options);

  const abort = (): void => {
    signal?.removeEventListener("abort", abort);
    server.close();
    sockets.destroy();
  };
  signal?.addEventListener("abort", abort);
  if (signal?.aborted) abort();
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    server.close();
    await sockets.drained();
    signal?.removeEventListener("abort", abort);
  };
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new TypeError("Cannot listen");
  return {
    port: address.port,
    hostname: address.address,
    close: () => closing ??= close(),
    abort,
  };
}

function bound(server: Server, { port, hostname }: ListenOptions): Promise<void> {
  const host = hostname?.replace(/^\[|\]$/g, "");
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.off("error", reject);
      // One connection that cannot be accepted is no reason to end.
      server.on("error", () => {});
      resolve();
    });
  });
}

/** Answers what comes in on one server. */
class RawServer {
  readonly #acceptor: Acceptor;
  readonly #fallback: Fallback;
  readonly #secure: boolean;
  readonly #sockets: OpenSockets;
  /** Sockets that have asked for something: each may once, since every answer ends its connection. */
  readonly #asked = new WeakSet<Socket>();
  readonly #answered = new WeakSet<Socket>();

  constructor(acceptor: Acceptor, fallback: Fallback, secure: boolean, sockets: OpenSockets) {
    this.#acceptor = acceptor;
    this.#fallback = fallback;
    this.#secure = secure;
    this.#sockets = sockets;
  }

  attach(server: Server): void {
    server.on("connection", (socket: Socket) => {
      if (this.#secure) this.#sockets.addHandshaking(socket);
      else this.#sockets.add(socket);
    });
    server.on("secureConnection", (socket: Socket) => this.#sockets.addSecure(socket));
    server.on("tlsClientError", (_error: Error, socket: Socket) => socket.destroy());
    server.on("clientError", (error: Error & { code?: string }, socket: Socket) => {
      if (!socket.writable) return void socket.destroy();
      const status = error.code === "HPE_HEADER_OVERFLOW" ? 431 : 400;
      this.#answer(socket, new Response(null, { status }));
    });
    server.on("upgrade", (message: IncomingMessage, socket: Socket, head: Uint8Array) => {
      if (this.#asksFirst(socket)) void this.#upgrade(message, socket, head);
    });
    server.on("request", (message: IncomingMessage, response: ServerResponse) => {
      const socket = response.socket ?? message.socket;
      if (this.#asksFirst(socket)) void this.#readRequest(message, socket);
    });
  }

  #asksFirst(socket: Socket): boolean {
    if (this.#asked.has(socket)) return false;
    this.#asked.add(socket);
    return true;
  }

  async #upgrade(message: IncomingMessage, socket: Socket, head: Uint8Array): Promise<void> {
    // To HTTP/2, say, which a server may ignore.
    if (!asksForWebSocket(message)) return await this.#request(message, socket);
    const malformed = checkUpgradeRequest(message);
    const request = malformed === undefined ? toRequest(message, this.#secure) : undefined;
    if (request === undefined) {
      return this.#answer(socket, malformed ?? new Response(null, { status: 400 }));
    }
    const key = message.headers["sec-websocket-key"] ?? "";
    let decision: Upgrade | Response;
    let answer = "";
    try {
      // The peer is waited for no more, but the timeout of the handshake still runs.
      decision = await this.#acceptor.upgrade(request, peerOf(socket));
      if (!(decision instanceof Response)) answer = upgradeHead(key, decision);
    } catch {
      decision = new Response(null, { status: 500 });
    }
    if (decision instanceof Response) return this.#answer(socket, decision);
    if (socket.destroyed || !socket.writable) return;
    this.#open(socket, decision, answer, head);
  }

  #open(socket: Socket, upgrade: Upgrade, answer: string, head: Uint8Array): void {
    this.#sockets.settle(socket);
    // No request can follow.
    this.#asked.delete(socket);
    socket.setTimeout(0);
    socket.setNoDelay(true);
    socket.write(answer, "latin1");
    const transport = new RawTransport("server", socket, this.#acceptor);
    try {
      transport.start(upgrade.open(transport), head);
    } catch {
      transport.start({ onMessage() {}, onClose() {} }, new Uint8Array(0));
      transport.close(CloseCode.Internal, "Cannot open the connection");
    }
  }

  async #readRequest(message: IncomingMessage, socket: Socket): Promise<void> {
    const body = await readBody(message);
    if (body === undefined) return this.#answer(socket, new Response(null, { status: 413 }));
    await this.#request(message, socket, body);
  }

  async #request(
    message: IncomingMessage,
    socket: Socket,
    body?: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    const request = toRequest(message, this.#secure, body);
    if (request === undefined) return this.#answer(socket, new Response(null, { status: 400 }));
    this.#sockets.settle(socket);
    let response: Response;
    try {
      response = await this.#fallback(request);
    } catch {
      response = new Response(null, { status: 500 });
    }
    this.#answer(socket, response, message.method === "HEAD");
  }

  #answer(socket: Socket, response: Response, bodiless = false): void {
    // What cannot be parsed is told once a chunk, for as long as the peer sends.
    if (this.#answered.has(socket) || socket.destroyed || !socket.writable) return;
    this.#answered.add(socket);
    const { closeTimeoutMs } = this.#acceptor;
    this.#sockets.settle(socket);
    writeResponse(socket, response, bodiless).then(
      () => this.#sockets.end(socket, closeTimeoutMs),
      () => socket.destroy(),
    );
    // Unread bytes would make the system reset the connection before the peer has read the answer.
    socket.resume();
  }
}

function peerOf(socket: Socket): PeerInfo {
  // An IPv4 peer of a socket that listens on both.
  return { address: (socket.remoteAddress ?? "").replace(/^::ffff:(?=\d+\.)/i, "") };
}
