/**
 * Options and result of listening, for all runtimes that can listen.
 *
 * @module
 */

import { checkAnswer } from "../wire/http_answer.ts";
import type { PeerInfo } from "../wire/transport.ts";

/** Where to listen, and how to answer requests for no WebSocket. */
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
  /** Reports errors of the fallback. */
  readonly onError?: OnPlainError | undefined;
  /** Most open connections that are not WebSockets. Default: no bound. Not available on Bun. */
  readonly maxPlainConnections?: number | undefined;
}

/** Answers a request that does not ask for a WebSocket. */
export type Fallback = (request: Request) => Response | Promise<Response>;

/**
 * Reports an error that the peer sees only as status 500, and where it happened: in the fallback unless
 * `"transport"` is given. Never throws.
 */
export type OnPlainError = (error: unknown, peer: PeerInfo, where?: "transport") => void;

/** A listening server. */
export interface Listener {
  /** The bound port. */
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

/** The answer to an upgrade that the runtime rejects as malformed. */
export function malformedUpgrade(): Response {
  return new Response("Malformed WebSocket upgrade", { status: 400 });
}

/** Errors of requests and answers that the client caused by leaving. */
export class ClientGone extends Error {
  override readonly name = "AbortError";
}

/** Whether an error was caused by the request's client leaving, and not by the server. */
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
 * The fallback's answer to a request. If the fallback fails or its answer cannot be sent, `onError` receives
 * the error and the peer gets status 500: runtimes would show it a stack, or nothing. A client that leaves is
 * not reported.
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

/** The answer to a request with a host name that the server doesn't serve. */
export function misdirected(): Response {
  return new Response("This server does not answer to that host.\n", { status: 421 });
}

/** The default answer to a request for no WebSocket. */
export function describeEndpoint(): Response {
  return new Response("This is a hardlight endpoint: connect with a hardlight client.\n", {
    headers: { "content-type": "text/plain; charset=utf-8" },
  });
}
