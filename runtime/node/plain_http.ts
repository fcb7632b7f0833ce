/**
 * {@linkcode PlainHttp}: serves requests for no WebSocket.
 *
 * Bodies are streamed both ways with backpressure: only chunks in flight are held.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Acceptor, PeerInfo } from "../../wire/transport.ts";
import {
  answerFrom,
  ClientGone,
  type Fallback,
  isClientGone,
  type OnPlainError,
} from "../listen.ts";
import { AnswerWriter } from "./answer_writer.ts";
import { bodyOf, peerOf, toRequest } from "./http.ts";
import type { OpenSockets } from "./open_sockets.ts";

/** Most pipelined requests of one connection. Over the limit the connection is cut. */
const MAX_PIPELINED_REQUESTS = 100;

/** Options of {@linkcode PlainHttp}. */
export interface PlainHttpOptions {
  /** The timeouts. */
  readonly acceptor: Acceptor;
  /** Answers. */
  readonly fallback: Fallback;
  /** Whether over TLS. */
  readonly secure: boolean;
  /** The server's open sockets. */
  readonly sockets: OpenSockets;
  /** Reports errors of the fallback; never throws. */
  readonly onError: OnPlainError;
}

/** Answers the requests of each connection in order, with keep-alive. */
export class PlainHttp {
  readonly #options: PlainHttpOptions;
  /** A connection's unanswered requests, and when the last one is answered. */
  readonly #waiting = new WeakMap<Socket, { count: number; answered: Promise<void> }>();

  /** Create for one server. */
  constructor(options: PlainHttpOptions) {
    this.#options = options;
  }

  /** Whether a request of a connection is being answered. */
  isBusy(socket: Socket): boolean {
    return this.#waiting.has(socket);
  }

  /** Answer a request. `mayContinue` is called when its body is read first: the peer waits for that. */
  serve(message: IncomingMessage, response: ServerResponse, mayContinue?: () => void): void {
    const { socket } = message;
    this.#options.sockets.settle(socket);
    const run = (): Promise<void> => this.#answer(message, response, mayContinue);
    const waiting = this.#waiting.get(socket);
    if (waiting === undefined) {
      const first = { count: 1, answered: Promise.resolve() };
      this.#waiting.set(socket, first);
      first.answered = run().then(() => this.#answered(socket));
      return;
    }
    if (waiting.count++ >= MAX_PIPELINED_REQUESTS) return void socket.destroy();
    waiting.answered = waiting.answered.then(run).then(() => this.#answered(socket));
  }

  #answered(socket: Socket): void {
    const waiting = this.#waiting.get(socket);
    if (waiting === undefined || --waiting.count > 0) return;
    this.#waiting.delete(socket);
    // The next request gets the same timeout as the first.
    this.#options.sockets.expect(socket);
  }

  async #answer(
    message: IncomingMessage,
    response: ServerResponse,
    mayContinue?: () => void,
  ): Promise<void> {
    const { socket } = message;
    // There is no socket after the last answer, so nothing is left to do.
    if (socket.destroyed || response.socket === null) return;
    const left = new AbortController();
    response.once("close", () => {
      if (!response.writableFinished) left.abort(new ClientGone("The client has left"));
    });
    const peer = peerOf(socket);
    const answer = await this.#decide(message, peer, left.signal, mayContinue);
    await this.send(message, response, answer, peer, left.signal);
  }

  /** Write an answer. Resolves when it is written, or the client has left. */
  async send(
    message: IncomingMessage,
    response: ServerResponse,
    answer: Response,
    peer: PeerInfo,
    signal?: AbortSignal,
  ): Promise<void> {
    const { acceptor, sockets, onError } = this.#options;
    const writer = new AnswerWriter(response, acceptor.idleTimeoutMs);
    try {
      // The rest of the request's body is not read, so no other request can follow.
      await writer.write(
        answer,
        () => !message.complete || !response.shouldKeepAlive || sockets.draining,
      );
    } catch (error) {
      if (!isClientGone(error, signal)) onError(error, peer);
      // The client must not take a partial body for the whole.
      message.socket.destroy();
    }
  }

  async #decide(
    message: IncomingMessage,
    peer: PeerInfo,
    signal: AbortSignal,
    mayContinue?: () => void,
  ): Promise<Response> {
    const { acceptor, fallback, secure, onError } = this.#options;
    const body = bodyOf(message, acceptor.handshakeTimeoutMs, mayContinue);
    const request = toRequest(message, secure, { body, signal });
    if (request === undefined) return new Response(null, { status: 400 });
    return await answerFrom(fallback, request, (error) => onError(error, peer));
  }
}
