/**
 * {@linkcode createCore}: everything of a server that needs no runtime.
 *
 * @module
 */
import { type Codec, interpret } from "../codec/archive.ts";
import { checkService } from "../service/check.ts";
import type { NoMethods, Service } from "../service/types.ts";
import type { Broker } from "../wire/broker.ts";
import { type Clock, systemClock } from "../wire/clock.ts";
import type { Deflater } from "../wire/deflater.ts";
import { DEFAULT_LEVEL, MAX_LEVEL } from "../wire/handshake.ts";
import { DEFAULT_LIMITS, type Limits } from "../wire/limits.ts";
import { tell } from "../wire/listener.ts";
import { checkOptionKinds, fillInLimits, type OptionKind } from "../wire/option_kinds.ts";
import { openTelemetry } from "../wire/open_telemetry.ts";
import type { Acceptor } from "../wire/transport.ts";
import { ServiceAcceptor } from "./acceptor.ts";
import type { Authorize } from "./authorize.ts";
import { BrokerLink } from "./broker_link.ts";
import type { MissedEvents } from "./broker_missed.ts";
import type { BrokerStatus } from "./broker_status.ts";
import type { ErrorListener, ServiceHandler } from "./context.ts";
import { checkHandler } from "./dispatcher.ts";
import { type EventEmitter, EventSwitch } from "./event_switch.ts";
import { OriginRules, type Origins } from "./origins.ts";
import type { EventLoop } from "./connections.ts";
import { ServerCounters, type ServerStats } from "./stats.ts";
import { observeBroker, ServerTelemetry, type ServerTraceListener } from "./telemetry.ts";
import { type CallRate, checkCallRate } from "./token_bucket.ts";
import type { TopicNotifications } from "./topic_notifications.ts";

/** What every kind of server can be told. */
export interface ServerOptions<Auth> {
  /** Bounds that differ from `DEFAULT_LIMITS`. */
  readonly limits?: Partial<Limits> | undefined;
  /**
   * Origins whose pages may connect, as browsers send them (`"https://example.com"`,
   * `"capacitor://localhost"`, `"null"`), or a function that knows; there are no wildcards. Pages from
   * the server's own host always may (under TLS those that came over TLS), and so may clients that send
   * no `Origin`. `onError` is told once of each origin that is refused.
   */
  readonly origins?: Origins | undefined;
  /**
   * Names that the server answers to in `Host`: `"localhost"` with any port, `"localhost:8080"` with that
   * one. Others are refused, so that no page can reach a server on the loopback address by a name of its
   * own (DNS rebinding). Default: any.
   */
  readonly hosts?: readonly string[] | undefined;
  /**
   * Decides on each connection before it opens. Something truthy lets it in and becomes the handler's
   * `auth`; `false` or a `Response` refuses it.
   */
  readonly authorize?: Authorize<Auth> | undefined;
  /** Is told of errors that peers are not told of: what handlers throw, above all. */
  readonly onError?: ErrorListener | undefined;
  /** What happens to a peer that breaks the protocol. Rust ignores it. Default: `"close"`. */
  readonly onProtocolError?: "close" | "ignore" | undefined;
  /**
   * How often each connection may call. A call over it is not run, and answered with
   * `TooManyCallsInFlight`. Default: as often as it likes.
   */
  readonly callRate?: CallRate | undefined;
  /**
   * The most that is spent on deflating for a client, 0 to 9, whatever it asks for: level 9 can cost 1.2
   * seconds a MiB. The handshake repeats what was asked for, as Rust does. Default: 6.
   */
  readonly maxLevel?: number | undefined;
  /** Is told of connections and calls as they happen. Without it nothing is gathered. */
  readonly onTrace?: ServerTraceListener | undefined;
  /** Carries events to and from other nodes. Default: none, events stay on this node. */
  readonly broker?: Broker | undefined;
  /**
   * Is told which topics may have missed events of other nodes, once they are subscribed again: let their
   * clients load anew. What it throws goes to `onError`.
   */
  readonly onMissedEvents?: ((missed: MissedEvents) => void) | undefined;
}

/** Every name of {@linkcode ServerOptions}: one that is missing here does not compile. */
export const SERVER_OPTION_KINDS: Readonly<Record<keyof ServerOptions<never>, OptionKind>> = {
  limits: "object",
  origins: true,
  hosts: "array",
  authorize: "function",
  onError: "function",
  onProtocolError: true,
  callRate: "object",
  maxLevel: true,
  onTrace: "function",
  broker: "object",
  onMissedEvents: "function",
};

/** How {@linkcode ServerCore.close} ends. */
export interface CloseOptions {
  /** Milliseconds that calls under way have to finish. Default: `closeTimeoutMs`. */
  readonly deadlineMs?: number | undefined;
  /**
   * Milliseconds over which clients are asked to spread their return. Default: half a millisecond a
   * connection, so that 2,000 come back a second: 5 seconds for 10,000.
   */
  readonly spreadMs?: number | undefined;
}

/** What every kind of server has. */
export interface ServerCore<Event> {
  /** Sends events to whoever is subscribed. */
  readonly events: EventEmitter<Event>;
  /** How many connections there are. */
  readonly connections: number;
  /** Counters and gauges, as they are now. */
  stats(): ServerStats;
  /** How this node stands with its broker, now; `undefined` without one. */
  readonly broker: BrokerStatus | undefined;
  /** The topics that get their first subscriber or lose their last, from now on. */
  topicNotifications(): TopicNotifications;
  /**
   * Accept nothing more, let calls under way finish, close every connection with 4001. Resolves when
   * all have ended: at most `deadlineMs` and `closeTimeoutMs` later.
   */
  close(options?: CloseOptions): Promise<void>;
}

/** A {@linkcode ServerCore} and the acceptor that runtimes drive. */
export interface AcceptingCore<Event> extends ServerCore<Event> {
  /** Decides on connections. */
  readonly acceptor: Acceptor;
  /** Starts the broker, once all else has succeeded: it can be started once, and has to be closed. */
  start(): void;
  /** Is told of errors; never throws. */
  readonly onError: ErrorListener;
  /** Whether the server answers to the `Host` of a request. */
  answersTo(request: Request): boolean;
}

/**
 * A server without a runtime. Its timers are those of `clock`. Before it closes it lets what has come be
 * received, by `loop`, where a runtime may hold that.
 *
 * @throws {TypeError} If the service is declared wrongly, or an option cannot be used.
 * @throws {RangeError} If a limit is out of range.
 */
export function createCore<Methods, State, Event, Auth, ClientMethods = NoMethods>(
  service: Service<Methods, State, Event, ClientMethods>,
  options: ServerOptions<Auth>,
  handler: ServiceHandler<Methods, State, Event, Auth, ClientMethods>,
  deflater: Deflater,
  clock: Clock = systemClock,
  codec: Codec = interpret,
  loop?: EventLoop,
): AcceptingCore<Event> {
  checkService(service);
  checkHandler(handler);
  const limits = fillInLimits(options.limits, DEFAULT_LIMITS);
  const origins = new OriginRules(options);
  const { onProtocolError = "close" } = options;
  if (onProtocolError !== "close" && onProtocolError !== "ignore") {
    throw new TypeError(
      `Cannot use onProtocolError "${onProtocolError}": expected close or ignore`,
    );
  }
  if (options.callRate !== undefined) checkCallRate(options.callRate);
  const instruments = openTelemetry("server");
  // A listener that fails must not take the connection with it, nor the process.
  const onError: ErrorListener = (error, context) =>
    tell(() => options.onError?.(error, context), undefined);
  const events = new EventSwitch(service.event, deflater, limits, codec);
  const { broker } = options;
  if (broker !== undefined) checkBroker(broker);
  const onBrokerError = (error: unknown): void =>
    onError(error, { where: "broker", peer: { address: "" }, service: service.name });
  const { onMissedEvents } = options;
  const link = events.link = broker && new BrokerLink({
    broker,
    service: service.name,
    schema: service.event,
    codec,
    fingerprint: service.fingerprint.events,
    maxPendingBytes: limits.maxBufferedBytes,
    limits,
    deliver: (topic, payload) => events.receive(topic, payload),
    onError: onBrokerError,
    onMissed: onMissedEvents && ((missed) => tell(onMissedEvents, missed, onBrokerError)),
  });
  let unobserve: (() => void) | undefined;
  const acceptor = new ServiceAcceptor({
    // What the client can be called by is of no concern to those in between.
    service: service as unknown as Service<Methods, State, Event>,
    handler: handler as ServiceHandler<Methods, State, Event, Auth>,
    events,
    deflater,
    codec,
    clock,
    limits,
    onProtocolError,
    onError,
    counters: new ServerCounters(),
    telemetry: options.onTrace === undefined && instruments === undefined
      ? undefined
      : new ServerTelemetry(service.name, options.onTrace, instruments),
    callRate: options.callRate,
    maxLevel: checkLevel(options.maxLevel),
    origins,
    authorize: options.authorize,
    loop,
  });
  let closing: Promise<void> | undefined;
  return {
    acceptor,
    onError,
    answersTo: (request) => origins.answersTo(request),
    start() {
      if (link === undefined) return;
      unobserve = observeBroker(service.name, () => link.status);
      link.start();
    },
    events,
    get connections(): number {
      return acceptor.size;
    },
    stats: () => acceptor.stats(),
    get broker(): BrokerStatus | undefined {
      return link?.status;
    },
    topicNotifications: () => events.notifications(),
    close: (options) =>
      withCloseOptions(
        options,
        ({ deadlineMs = limits.closeTimeoutMs, spreadMs }) =>
          closing ??= acceptor.close(deadlineMs, spreadMs).then(() => {
            unobserve?.();
            return link?.close();
          }),
      ),
  };
}

/** Close by options that there are; rejects with `TypeError` if there is no such option. */
export function withCloseOptions(
  given: CloseOptions | undefined,
  close: (options: CloseOptions) => Promise<void>,
): Promise<void> {
  const options = given ?? {};
  try {
    checkOptionKinds("close()", options, CLOSE_OPTION_KINDS);
  } catch (error) {
    return Promise.reject(error);
  }
  return close(options);
}

const CLOSE_OPTION_KINDS: Readonly<Record<keyof CloseOptions, OptionKind>> = {
  deadlineMs: "number",
  spreadMs: "number",
};

function checkBroker(broker: Broker): void {
  for (const name of ["start", "subscribe", "unsubscribe", "publish"] as const) {
    if (typeof broker[name] !== "function") {
      throw new TypeError(`Cannot use the broker: it has no function ${name}, as natsBroker() has`);
    }
  }
}

function checkLevel(level: number = DEFAULT_LEVEL): number {
  if (Number.isInteger(level) && level >= 0 && level <= MAX_LEVEL) return level;
  throw new RangeError(`Cannot use maxLevel ${level}: expected 0 to ${MAX_LEVEL}`);
}
