/**
 * {@linkcode NatsConnection}: the part of a NATS client that the broker uses.
 *
 * @module
 */

/** The parts of a NATS connection that are used: `@nats-io/transport-node`, `-deno`, `nats-core`, or `nats` 2. */
export interface NatsConnection {
  /** What the server says of itself, once it has. */
  readonly info?: NatsServerInfo | undefined;
  /** What the connection was made with. */
  readonly options?: { readonly noEcho?: boolean | undefined } | undefined;
  /** Send a message. */
  publish(subject: string, payload: Uint8Array, options?: { readonly reply: string }): void;
  /** Let a subject's messages come. */
  subscribe(
    subject: string,
    options: { callback(error: Error | null, message: NatsMessage): void; queue?: string },
  ): NatsSubscription;
  /** Resolves when the server has seen everything sent so far. */
  flush(): Promise<void>;
  /** What happens to the link. */
  status(): AsyncIterable<NatsStatus>;
  /** Resolves when the connection has ended for good. */
  closed(): Promise<unknown>;
  /** Whether it has. */
  isClosed?(): boolean;
  /** Give up the server's connection, and make another. */
  reconnect?(): Promise<void>;
}

/** The parts of a server's description that are used. */
export interface NatsServerInfo {
  /** Bytes of the largest message it takes. */
  readonly max_payload: number;
  /** Its id. */
  readonly server_id?: string | undefined;
  /** Its cluster's name, if it is in one. */
  readonly cluster?: string | undefined;
}

/** What happens to a link: `disconnect`, `reconnect`, or an `error` that the server sent. */
export interface NatsStatus {
  /** Which. */
  readonly type: string;
  /** What the server said; of a permission, which `subject` it lacks for which `operation`. */
  readonly error?: unknown;
}

/** The parts of a message that are used. */
export interface NatsMessage {
  /** The payload. */
  readonly data: Uint8Array;
  /** Where it was sent. */
  readonly subject?: string | undefined;
  /** Where its answer goes. */
  readonly reply?: string | undefined;
  /** The server's status instead of a payload: 503 without a subscriber. */
  readonly headers?: { readonly code: number } | undefined;
}

/** The parts of a subscription that are used. */
export interface NatsSubscription {
  /** Stop it. */
  unsubscribe(): void;
}

const METHODS = ["publish", "subscribe", "flush", "status", "closed"] as const;

/** Throws `TypeError` if something is no connection that can be used. */
export function checkConnection(connection: NatsConnection): void {
  const given = (connection ?? {}) as unknown as Record<string, unknown>;
  if (METHODS.every((method) => typeof given[method] === "function")) return;
  throw new TypeError(
    "Cannot use this connection: expected what connect() of a NATS client resolves to",
  );
}

/** What an error that the server sent is about. */
export function about(error: unknown): { operation?: unknown; subject?: unknown; message: string } {
  if (typeof error !== "object" || error === null) return { message: String(error) };
  const { operation, subject, message } = error as Record<string, unknown>;
  return { operation, subject, message: String(message) };
}
