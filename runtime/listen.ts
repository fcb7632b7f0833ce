/**
 * What listening takes and gives on every runtime that can.
 *
 * @module
 */

import { checkAnswer } from "../wire/http_answer.ts";
import type { PeerInfo } from "../wire/transport.ts";

/** Where to listen, and what to do with requests that are no WebSocket. */
export interface ListenOptions {
  /** TCP port; 0 lets the system choose. */
  readonly port: number;
  /** Address to listen on. Default: all. */
  readonly hostname?: string | undefined;
  /** Certificate chain in PEM; with {@linkcode ListenOptions.key} the server speaks TLS. */
  readonly cert?: string | undefined;
  /** Private key in PEM. */
  readonly key?: string | undefined;
  /** Answers requests that do not ask for a WebSocket. Default: {@linkcode describeEndpoint}. */
  readonly fallback?: Fallback | undefined;
  /** Is told of what the fallback fails at. */
  readonly onError?: OnPlainError | undefined;
  /** Connections that may be open without being a WebSocket. Default: all. On Bun there is no such bound. */
  readonly maxPlainConnections?: number | undefined;
}

/** Answers a request that does not ask for a WebSocket. */
export type Fallback = (request: Request) => Response | Promise<Response>;

/**
 * Is told of an error of which a peer sees no more than status 500, and where it was: in the fallback
 * unless it says `"transport"`. Never throws.
 */
export type OnPlainError = (error: unknown, peer: PeerInfo, where?: "transport") => void;

/** A server that listens. */
export interface Listener {
  /** The port that was bound. */
  readonly port: number;
  /** Stop accepting; resolves once the last connection has ended. */
  close(): Promise<void>;
  /** Cut every connection and stop. */
  abort(): void;
}

/** Whether a request asks for a WebSocket. */
export function wantsWebSocket(request: Request): boolean {
  return request.method === "GET" &&
    request.headers.get("upgrade")?.toLowerCase() === "websocket";
}

/** The answer to an upgrade that the runtime finds malformed. */
export function malformedUpgrade(): Response {
  return new Response("Malformed WebSocket upgrade", { status: 400 });
}

/** Why a request or its answer breaks off when the client is to blame. */
export class ClientGone extends Error {
  override readonly name = "AbortError";
}

/** Whether something failed because the client of a request has left, which is no mistake made here. */
export function isClientGone(error: unknown, signal?: AbortSignal): boolean {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 8; depth++) {
    if (cause instanceof ClientGone) return true;
    // `Deno.serve` says this of a body, before it aborts the signal.
    if (cause.name === "BadResource" && cause.message.startsWith("Cannot read body")) return true;
    if (signal?.aborted && (cause === signal.reason || cause.name === "AbortError")) return true;
    cause = cause.cause;
  }
  return false;
}

/**
 * What the fallback answers to a request. Where it fails, or its answer cannot be sent, `onError` is told
 * why and the peer is not: runtimes would show it a stack, or nothing. Nobody is told of a client that
 * left.
 */
export async function answerFrom(
  fallback: Fallback,
  request: Request,
  onError: (error: unknown) => void,
): Promise<Response> {
  try {
    const answer = await fallback(request);
    checkAnswer(answer);
    return answer;
  } catch (error) {
    if (!isClientGone(error, request.signal)) onError(error);
    return internalError();
  }
}

/** The answer to a request that failed here. */
export function internalError(): Response {
  return new Response("The server failed\n", {
    status: 500,
    headers: { "content-type": "text/plain; charset=utf-8" },
  });
}

/** The answer to a request by a name that the server does not have. */
export function misdirected(): Response {
  return new Response("This server does not answer to that host.\n", { status: 421 });
}

/** The answer to a request that asks for no WebSocket, where the user gave none. */
export function describeEndpoint(): Response {
  return new Response("This is a hardlight endpoint: connect with a hardlight client.\n", {
    headers: { "content-type": "text/plain; charset=utf-8" },
  });
}
