/**
 * {@linkcode createCore}: the part of a server that is independent of the runtime.
 *
 * @module
 */
import type { Codec } from "../codec/archive.ts";
import { interpretInFull } from "../codec/explain.ts";
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
import type { ServiceHandler } from "./context.ts";
import { type AnyHandler, type AnyService, checkHandler } from "./dispatcher.ts";
import { type ErrorListener, ErrorReports } from "./error_reports.ts";
import { type EventEmitter, EventSwitch, type TopicNotifications } from "./event_switch.ts";
import { OriginRules, type Origins } from "./origins.ts";
import type { EventLoop } from "./server_parts.ts";
import { ServerCounters, type ServerStats } from "./stats.ts";
import { observeBroker, ServerTelemetry, type ServerTraceListener } from "./telemetry.ts";
import { type CallRate, checkCallRate } from "./token_bucket.ts";

/** Options of every kind of server. */
export interface ServerOptions<Auth> {
  /** Bounds that differ from `DEFAULT_LIMITS`. */
  readonly limits?: Partial<Limits> | undefined;
  /**
   * Origins whose pages may connect, as browsers send them (`"https://example.com"`,
   * `"capacitor://localhost"`, `"null"`), or a function that decides. There are no wildcards. Pages of the
   * server's own host may always connect (under TLS only if they came over TLS), and so may clients that send no
   * `Origin`. Each refused origin is reported to `onError` once.
   */
  readonly origins?: Origins | undefined;
  /**
   * Accepted names in the `Host` header: `"localhost"` with any port, `"localhost:8080"` only with that one.
   * Others are refused, so that a page cannot reach a server on the loopback address through its own domain
   * (DNS rebinding). Default: any.
   */
  readonly hosts?: readonly string[] | undefined;
  /**
   * Decides on each connection before it opens. A truthy result accepts it and becomes the handler's `auth`;
   * `false` or a `Response` refuses it.
   */
  readonly authorize?: Authorize<Auth> | undefined;
  /** Receives errors that peers don't see, above all those that handlers throw. */
  readonly onError?: ErrorListener | undefined;
  /** The reaction to a protocol violation. Rust ignores it. Default: `"close"`. */
  readonly onProtocolError?: "close" | "ignore" | undefined;
  /**
   * Rate limit for the calls of each connection. A call over it is not run, and rejects with
   * `TooManyCallsInFlight`. Default: none.
   */
  readonly callRate?: CallRate | undefined;
  /**
   * The highest compression level for any client, 0 to 9, even if it asks for more: level 9 can cost 1.2 s per
   * MiB. The handshake still repeats the requested level, as Rust does. Default: 6.
   */
  readonly maxLevel?: number | undefined;
  /** Receives connections and calls as they happen. */
  readonly onTrace?: ServerTraceListener | undefined;
  /** Carries events to and from other nodes. Default: none, events stay on this node. */
  readonly broker?: Broker | undefined;
  /**
   * Receives the topics that may have missed events of other nodes, after they are subscribed again: their
   * clients should reload. Its errors go to `onError`.
   */
  readonly onMissedEvents?: ((missed: MissedEvents) => void) | undefined;
}

/** Every name of {@linkcode ServerOptions}: a missing one is a compile error. */
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

/** Options of {@linkcode ServerCore.close}. */
export interface CloseOptions {
  /** Milliseconds for calls in flight to finish. Default: `closeTimeoutMs`. */
  readonly deadlineMs?: number | undefined;
  /**
   * Milliseconds over which clients spread their reconnects. Default: 0.5 ms per connection, so that 2,000
   * reconnect per second: 5 s for 10,000.
   */
  readonly spreadMs?: number | undefined;
}

/** The interface of every kind of server. */
export interface ServerCore<Event> {
  /** Sends events to all subscribers. */
  readonly events: EventEmitter<Event>;
  /** Number of connections. */
  readonly connections: number;
  /** The current counters and gauges. */
  stats(): ServerStats;
  /** The current broker status; `undefined` without a broker. */
  readonly broker: BrokerStatus | undefined;
  /** Notifications of topics that get their first subscriber or lose their last, from now on. */
  topicNotifications(): TopicNotifications;
  /**
   * Stop accepting, let calls in flight finish, close every connection with 4001. Resolves when all have ended,
   * at most `deadlineMs` plus `closeTimeoutMs` later.
   */
  close(options?: CloseOptions): Promise<void>;
}

/** A {@linkcode ServerCore} and the acceptor that runtimes drive. */
export interface AcceptingCore<Event> extends ServerCore<Event> {
  /** Decides on connections. */
  readonly acceptor: Acceptor;
  /** Starts the broker, after all else has succeeded: it can be started once and must be closed. */
  start(): void;
  /** Reports failures of plain HTTP to `onError`, thinned out; never throws. */
  readonly onError: ErrorListener;
  /** Whether the server accepts a request's `Host`. */
  answersTo(request: Request): boolean;
}

/**
 * Create a server without a runtime. It takes its timers from `clock`. Before it closes it waits by `loop` for
 * messages that the runtime may hold.
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
  codec: Codec = interpretInFull,
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
  // A failing listener must end neither the connection nor the process.
  const onError: ErrorListener = (error, context) =>
    tell(() => options.onError?.(error, context), undefined);
  const reports = new ErrorReports(onError, clock);
  const events = new EventSwitch(service.event, deflater, limits, codec);
  const { broker } = options;
  if (broker !== undefined) checkBroker(broker);
  const onBrokerError = (error: unknown): void =>
    onError(error, { where: "broker", peer: { address: "" }, service: service.name });
  const { onMissedEvents } = options;
  const parts = {
    // The layers in between don't need their types.
    service: service as unknown as AnyService,
    codec,
    events,
    limits,
  };
  const link = events.link = broker && new BrokerLink({
    ...parts,
    broker,
    onError: onBrokerError,
    onMissed: onMissedEvents && ((missed) => tell(onMissedEvents, missed, onBrokerError)),
  });
  let unobserve: (() => void) | undefined;
  const acceptor = new ServiceAcceptor({
    ...parts,
    handler: handler as unknown as AnyHandler,
    deflater,
    clock,
    onProtocolError,
    reports,
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
    onError: (error, context) => reports.failed(error, context),
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

/** Validate the options and close; rejects with `TypeError` for an unknown option. */
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
