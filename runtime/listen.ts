/**
 * What listening takes and gives on every runtime that can.
 *
 * @module
 */

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
  /** Answers requests that do not ask for a WebSocket. Default: status 426. */
  readonly fallback?: Fallback | undefined;
  /** Ends the listener at once, as {@linkcode Listener.abort} does. */
  readonly signal?: AbortSignal | undefined;
}

/** Answers a request that does not ask for a WebSocket. */
export type Fallback = (request: Request) => Response | Promise<Response>;

/** A server that listens. */
export interface Listener {
  /** The port that was bound. */
  readonly port: number;
  /** The address that was bound. */
  readonly hostname: string;
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

/** The answer to a request that does not ask for a WebSocket, where nobody gave another. */
export function upgradeRequired(): Response {
  return new Response("This is a WebSocket server", {
    status: 426,
    headers: { upgrade: "websocket", connection: "Upgrade" },
  });
}

/** The answer to an upgrade that the runtime finds malformed. */
export function malformedUpgrade(): Response {
  return new Response("Malformed WebSocket upgrade", { status: 400 });
}
