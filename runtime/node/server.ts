/**
 * A WebSocket server of our own (RFC 6455) over `node:http` and `node:https`, for Deno and Node.
 *
 * `Deno.serve` leaves Nagle's algorithm on under TLS, so a second message waits for the peer's delayed
 * acknowledgement (44 ms). It makes one write per message, cannot cut a connection, and has no limit for
 * fragmented messages.
 *
 * @module
 */

import http, { STATUS_CODES } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import type { Acceptor, Upgrade } from "../../wire/transport.ts";
import { systemClock } from "../../wire/clock.ts";
import { CloseCode } from "../../wire/close.ts";
import { isSeldom } from "../../wire/seldom.ts";
import { describeEndpoint, internalError } from "../listen.ts";
import type { Listener, ListenOptions, OnPlainError } from "../listen.ts";
import { peerOf, toRequest } from "./http.ts";
import { OpenSockets } from "./open_sockets.ts";
import { PlainHttp, type PlainHttpOptions } from "./plain_http.ts";
import { RawTransport } from "./transport.ts";
import { asksForWebSocket, checkUpgradeRequest, upgradeHead } from "../websocket/handshake.ts";

/** Listen. Rejects if the address cannot be bound. */
export async function listen(acceptor: Acceptor, options: ListenOptions): Promise<Listener> {
  const { cert, key, maxPlainConnections = Infinity, onError = () => {} } = options;
  const secure = cert !== undefined && key !== undefined;
  const server: Server = secure
    ? https.createServer({
      cert,
      key,
      ALPNProtocols: ["http/1.1"],
      handshakeTimeout: acceptor.handshakeTimeoutMs,
    })
    : http.createServer();
  let refused = 0;
  const sockets = new OpenSockets(acceptor.handshakeTimeoutMs, maxPlainConnections, (socket) => {
    if (!isSeldom(++refused)) return;
    const error = new RangeError(
      `Cannot serve a connection (number ${refused}): maxPlainConnections, ${maxPlainConnections}, are open`,
    );
    onError(error, peerOf(socket), "transport");
  });
  new RawServer({
    acceptor,
    secure,
    sockets,
    fallback: options.fallback ?? describeEndpoint,
    onError,
  }).attach(server);
  await bound(server, options);
  let failed = 0;
  // An error while accepting one connection must not end the server.
  server.on("error", (cause) => {
    if (!isSeldom(++failed)) return;
    onError(new Error("Cannot accept a connection", { cause }), { address: "" }, "transport");
  });

  const abort = (): void => {
    server.close();
    sockets.destroy();
  };
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    server.close();
    await sockets.drained();
  };
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new TypeError("Cannot listen");
  return {
    port: address.port,
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
      resolve();
    });
  });
}

/** Answers the requests and upgrades of one server. */
class RawServer {
  readonly #acceptor: Acceptor;
  readonly #secure: boolean;
  readonly #sockets: OpenSockets;
  readonly #plain: PlainHttp;
  readonly #onError: OnPlainError;
  /** Sockets already answered as not HTTP: the error repeats with each chunk. */
  readonly #refused = new WeakSet<Socket>();

  constructor(options: PlainHttpOptions) {
    this.#acceptor = options.acceptor;
    this.#secure = options.secure;
    this.#sockets = options.sockets;
    this.#onError = options.onError;
    this.#plain = new PlainHttp(options);
  }

  attach(server: Server): void {
    // `OpenSockets` has these timeouts instead: bodies and answers may take long.
    server.timeout =
      server.keepAliveTimeout =
      server.requestTimeout =
      server.headersTimeout =
        0;
    server.on("connection", (socket: Socket) => {
      if (this.#secure) return this.#sockets.addHandshaking(socket);
      this.#sockets.add(socket);
      this.#lingers(socket);
    });
    server.on("secureConnection", (socket: Socket) => {
      this.#sockets.addSecure(socket);
      this.#lingers(socket);
    });
    server.on("tlsClientError", (_error: Error, socket: Socket) => socket.destroy());
    server.on("clientError", (error: Error & { code?: string }, socket: Socket) => {
      const status = error.code === "HPE_HEADER_OVERFLOW" ? 431 : 400;
      this.#refuse(socket, `${status} ${STATUS_CODES[status]}`);
    });
    server.on("upgrade", (message: IncomingMessage, socket: Socket, head: Uint8Array) => {
      // The answer to an earlier request would be written between the frames.
      if (this.#plain.isBusy(socket)) return void socket.destroy();
      void this.#upgrade(message, socket, head);
    });
    server.on("request", (message: IncomingMessage, response: ServerResponse) => {
      this.#plain.serve(message, response);
    });
    server.on("checkContinue", (message: IncomingMessage, response: ServerResponse) => {
      this.#plain.serve(message, response, () => response.writeContinue());
    });
  }

  /** After the last answer `node:http` would destroy a socket whose peer still sends, and lose the answer. */
  #lingers(socket: Socket): void {
    socket.destroySoon = () => this.#end(socket);
  }

  #end(socket: Socket): void {
    socket.end();
    // With unread bytes the system would reset the connection before the peer has read the answer.
    socket.resume();
    this.#sockets.settle(socket);
    this.#sockets.end(socket, this.#acceptor.closeTimeoutMs);
  }

  #refuse(socket: Socket, status: string): void {
    if (this.#refused.has(socket)) return;
    this.#refused.add(socket);
    if (!socket.writable || this.#plain.isBusy(socket)) return void socket.destroy();
    socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, "latin1");
    this.#end(socket);
  }

  async #upgrade(message: IncomingMessage, socket: Socket, head: Uint8Array): Promise<void> {
    // An upgrade to HTTP/2, for example, which a server may ignore.
    if (!asksForWebSocket(message)) return this.#plain.serve(message, answerTo(message, socket));
    const malformed = checkUpgradeRequest(message);
    const request = malformed === undefined ? toRequest(message, this.#secure) : undefined;
    if (request === undefined) {
      return this.#answer(message, socket, malformed ?? new Response(null, { status: 400 }));
    }
    const key = message.headers["sec-websocket-key"] ?? "";
    let decision: Upgrade | Response;
    let answer = "";
    // The decision has its own timeout, after which the peer gets an answer.
    this.#sockets.expect(socket, this.#acceptor.closeTimeoutMs);
    try {
      decision = await this.#acceptor.upgrade(request, peerOf(socket));
      if (!(decision instanceof Response)) answer = upgradeHead(key, decision);
    } catch (error) {
      this.#onError(error, peerOf(socket));
      decision = internalError();
    }
    if (decision instanceof Response) return this.#answer(message, socket, decision);
    // A peer that half-closes has left: it can neither call nor answer a ping.
    if (!socket.writable || socket.readableEnded) return void socket.destroy();
    this.#open(socket, decision, answer, head);
  }

  #open(socket: Socket, upgrade: Upgrade, answer: string, head: Uint8Array): void {
    this.#sockets.release(socket);
    socket.setTimeout(0);
    socket.setNoDelay(true);
    socket.write(answer, "latin1");
    const transport = new RawTransport(
      "server",
      socket,
      this.#acceptor,
      systemClock,
      upgrade.extension,
    );
    try {
      transport.start(upgrade.open(transport), head);
    } catch {
      transport.start({ onMessage() {}, onClose() {} }, new Uint8Array(0));
      transport.close(CloseCode.Internal, "Cannot open the connection");
    }
  }

  /** Answer an invalid upgrade and end the connection without reading further. */
  #answer(message: IncomingMessage, socket: Socket, answer: Response): void {
    if (socket.destroyed || !socket.writable) return;
    this.#sockets.settle(socket);
    void this.#plain.send(message, answerTo(message, socket), answer, peerOf(socket));
  }
}

/** The answer to a request that `node:http` treats as an upgrade and no longer handles. */
function answerTo(message: IncomingMessage, socket: Socket): ServerResponse {
  const response = new http.ServerResponse(message);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once("finish", () => {
    response.detachSocket(socket);
    socket.destroySoon();
  });
  return response;
}
