/**
 * {@linkcode PlainHttp}: the requests of a server that ask for no WebSocket.
 *
 * Bodies are streamed both ways, at the pace of whoever reads: nothing is held but what is on its way.
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

/** Requests that may wait on one connection for the answers before theirs. Over it: it is cut. */
export const MAX_PIPELINED_REQUESTS = 100;

/** What plain HTTP is served with. */
export interface PlainHttpOptions {
  /** How long who may wait for whom. */
  readonly acceptor: Acceptor;
  /** Answers. */
  readonly fallback: Fallback;
  /** Whether over TLS. */
  readonly secure: boolean;
  /** The connections they come on. */
  readonly sockets: OpenSockets;
  /** Is told of what the fallback fails at; never throws. */
  readonly onError: OnPlainError;
}

/** Answers one request after the other on each connection, and keeps it for the next. */
export class PlainHttp {
  readonly #options: PlainHttpOptions;
  /** How many requests of a connection are not answered yet, and when the last one is. */
  readonly #waiting = new WeakMap<Socket, { count: number; answered: Promise<void> }>();

  /** Create for one server. */
  constructor(options: PlainHttpOptions) {
    this.#options = options;
  }

  /** Whether a request of a connection is being answered. */
  isBusy(socket: Socket): boolean {
    return this.#waiting.has(socket);
  }

  /** Answer a request. `mayContinue` is called when its body is wanted: the peer waits for that. */
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
    // The next request has as long as the first one had.
    this.#options.sockets.expect(socket);
  }

  async #answer(
    message: IncomingMessage,
    response: ServerResponse,
    mayContinue?: () => void,
  ): Promise<void> {
    const { socket } = message;
    // Without a socket after an answer that was the last: nobody would hear what is done for it.
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
      // What is left of the request's body is not read, so that no other request can follow.
      await writer.write(
        answer,
        () => !message.complete || !response.shouldKeepAlive || sockets.draining,
      );
    } catch (error) {
      if (!isClientGone(error, signal)) onError(error, peer);
      // Whoever reads it must not take a part for the whole.
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
