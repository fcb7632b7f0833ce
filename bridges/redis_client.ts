/**
 * {@linkcode RedisConnections}: the two connections of a node to Redis.
 *
 * @module
 */

/** The parts of a Redis client that are used: `redis` (node-redis) 4 and later, also its Sentinel. */
export interface RedisClient {
  /** Whether commands can be sent. */
  readonly isReady: boolean;
  /** What the client was made with. */
  readonly options?: { readonly socket?: object | undefined } | undefined;
  /** Another client of the same server. */
  duplicate(overrides?: object): RedisClient;
  /** Connect. */
  connect(): Promise<unknown>;
  /** Close without waiting. */
  destroy?(): unknown;
  /** The same, in node-redis 4. */
  disconnect?(): unknown;
  /** Send a message. */
  publish(channel: string, message: string | Uint8Array): Promise<unknown>;
  /** Let a channel's messages come. */
  subscribe(channel: string, listener: RedisListener, bufferMode: true): Promise<unknown>;
  /** Unsubscribe from a topic. */
  unsubscribe(
    channel: string,
    listener: (message: unknown, channel: unknown) => void,
    bufferMode: true,
  ): Promise<unknown>;
  /** Send any command: its words. A Sentinel's has other parameters, and is not called. */
  sendCommand?(...words: never[]): Promise<unknown>;
  /** Hear of `ready`, `reconnecting`, `end` and `error`. */
  on(event: string, listener: (error?: unknown) => void): unknown;
}

interface Commander {
  sendCommand(words: readonly string[]): Promise<unknown>;
}

/** Gets messages; the channel is a `Buffer`, too. */
export type RedisListener = (message: Uint8Array, channel: { toString(): string }) => void;

const METHODS = ["duplicate", "connect", "publish", "subscribe", "unsubscribe", "on"] as const;
const EVENTS = ["reconnecting", "end", "error"] as const;
/** Milliseconds that connecting may take. */
const CONNECT_TIMEOUT_MS = 5000;
/** Milliseconds from one question for the server's role to the next. */
const ROLE_EVERY_MS = 2000;

/** Throws `TypeError` if something is no client that can be used. */
export function checkClient(client: RedisClient): void {
  const given = Object(client) as unknown as Record<string, unknown>;
  const cluster = "slots" in given || "masters" in given;
  if (!cluster && typeof given.isReady === "boolean") {
    if (METHODS.every((method) => typeof given[method] === "function")) return;
  }
  throw new TypeError(
    `Cannot use ${cluster ? "a cluster" : "this client"}: expected what createClient() or ` +
      "createSentinel() of node-redis gives",
  );
}

/** A connection that publishes and one that is subscribed; they end together. */
export class RedisConnections {
  readonly publisher: RedisClient;
  readonly subscriber: RedisClient;
  /** Resolves with the reason when either has ended. */
  readonly ended: Promise<unknown>;
  #end: (reason: unknown) => void = () => {};
  readonly #asksRole: boolean;
  #ready = false;
  #isEnded = false;
  #error: unknown;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Create, to the server of a client. */
  constructor(client: RedisClient) {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    const sentinel = "getSentinelNode" in client || "topology" in client ||
      "sentinelRootNodes" in (client.options ?? {});
    this.#asksRole = !sentinel && client.sendCommand !== undefined;
    const overrides = sentinel ? {} : {
      disableOfflineQueue: true,
      socket: { ...client.options?.socket, reconnectStrategy: false },
    };
    this.publisher = this.#duplicate(client, overrides);
    this.subscriber = this.#duplicate(client, overrides);
  }

  #duplicate(client: RedisClient, overrides: object): RedisClient {
    const made = client.duplicate(overrides);
    for (const event of EVENTS) {
      made.on(event, (error) => {
        this.#error = error ?? this.#error;
        if (!this.#ready) return;
        // The event may be wrong; only whether commands can be sent counts.
        if (!made.isReady) this.end(this.#error ?? new Error(`the client said "${event}"`));
      });
    }
    return made;
  }

  /** Connect both. */
  async open(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(this.#error ?? new Error("Redis did not answer")),
        CONNECT_TIMEOUT_MS,
      );
    });
    const opened = Promise.all([this.publisher.connect(), this.subscriber.connect()])
      .then(() => this.#checkRole());
    opened.catch(() => {});
    try {
      await Promise.race([opened, late, this.ended.then((reason) => Promise.reject(reason))]);
    } finally {
      clearTimeout(timer);
    }
    this.#ready = true;
  }

  /** Throws if the server is a replica. Without the permission to ask it is unknown. */
  async #checkRole(): Promise<void> {
    if (!this.#asksRole) return;
    let role: unknown;
    try {
      role = await (this.publisher as unknown as Commander).sendCommand(["ROLE"]);
    } catch {
      return;
    }
    if (Array.isArray(role) && String(role[0]) === "slave") {
      throw new Error("the server is a replica: what is published there reaches no other node");
    }
    if (this.#isEnded) return;
    this.#timer = setTimeout(
      () => this.#checkRole().catch((error) => this.end(error)),
      ROLE_EVERY_MS,
    );
  }

  /** End both. */
  end(reason: unknown): void {
    clearTimeout(this.#timer);
    this.#isEnded = true;
    this.#end(reason);
    for (const client of [this.publisher, this.subscriber]) {
      try {
        // A client that has ended throws or rejects.
        const ended = client.destroy?.() ?? client.disconnect?.();
        if (ended instanceof Promise) ended.catch(() => {});
      } catch {
        continue;
      }
    }
  }
}
