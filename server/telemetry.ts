/**
 * {@linkcode ServerTelemetry} and {@linkcode observeBroker}: the telemetry of a server.
 *
 * @module
 */
import type { ConnectErrorCode, RpcErrorCode, RpcHandlerErrorCode } from "../wire/errors.ts";
import { tell } from "../wire/listener.ts";
import {
  type Attributes,
  CLIENT_SPAN,
  type Instruments,
  type ItemCounts,
  ObservedCall,
  SERVER_SPAN,
  telemetryMeter,
} from "../wire/open_telemetry.ts";
import type { PeerInfo } from "../wire/transport.ts";
import type { BrokerStatus } from "./broker_status.ts";

/** An event in a server's trace. */
export type ServerTrace =
  /** A connection opened. */
  | { readonly type: "opened"; readonly connection: number; readonly peer: PeerInfo }
  /** A connection ended, with the `code` and `reason` of its close. */
  | {
    readonly type: "closed";
    readonly connection: number;
    readonly peer: PeerInfo;
    readonly code: number;
    readonly reason: string;
  }
  /** A connection was refused. */
  | { readonly type: "refused"; readonly peer: PeerInfo; readonly code: ConnectErrorCode }
  /** A call was answered; `code` is absent on success. */
  | {
    readonly type: "call";
    readonly connection: number;
    readonly method: string;
    readonly durationMs: number;
    readonly code: RpcHandlerErrorCode | undefined;
    /** Sent items of its output, if it streams. */
    readonly itemsSent?: number;
    /** Received items of its argument, if it streams. */
    readonly itemsReceived?: number;
  }
  /** A call to the client settled; `code` is absent on success. */
  | {
    readonly type: "clientCall";
    readonly connection: number;
    readonly method: string;
    readonly durationMs: number;
    readonly code: RpcErrorCode | undefined;
  };

/** Receives trace events. Its errors are ignored. */
export type ServerTraceListener = (trace: ServerTrace) => void;

/** One call, from before its handler runs to its answer. */
export class CallTrace extends ObservedCall {
  /** Its item counts, if it streams. */
  items: (() => ItemCounts) | undefined;
  readonly #onTrace: ServerTraceListener | undefined;
  readonly #about: { readonly connection: number; readonly method: string };

  /** Create for a received call. */
  constructor(
    service: string,
    connection: number,
    method: string,
    instruments: Instruments | undefined,
    onTrace: ServerTraceListener | undefined,
  ) {
    super(service, method, SERVER_SPAN, instruments?.tracer, instruments?.durations);
    this.#onTrace = onTrace;
    this.#about = { connection, method };
  }

  /** It was answered. */
  end(code: RpcHandlerErrorCode | undefined): void {
    const items = this.items?.();
    const durationMs = this.settle(code, items);
    tell(this.#onTrace, { type: "call", ...this.#about, durationMs, code, ...items });
  }
}

/** Exists only with an `onTrace` or a registered OpenTelemetry API. */
export class ServerTelemetry {
  readonly #service: string;
  readonly #onTrace: ServerTraceListener | undefined;
  readonly #instruments: Instruments | undefined;

  /** Create for one server. */
  constructor(
    service: string,
    onTrace: ServerTraceListener | undefined,
    instruments: Instruments | undefined,
  ) {
    this.#service = service;
    this.#onTrace = onTrace;
    this.#instruments = instruments;
  }

  /** A connection opened. */
  opened(connection: number, peer: PeerInfo): void {
    this.#instruments?.connections?.add(1, {});
    this.#tell({ type: "opened", connection, peer });
  }

  /** A connection ended. */
  closed(connection: number, peer: PeerInfo, code: number, reason: string): void {
    this.#instruments?.connections?.add(-1, {});
    this.#tell({ type: "closed", connection, peer, code, reason });
  }

  /** A connection was refused. */
  refused(peer: PeerInfo, code: ConnectErrorCode): void {
    this.#tell({ type: "refused", peer, code });
  }

  /** Handle a call. */
  call(connection: number, method: string): CallTrace {
    return new CallTrace(this.#service, connection, method, this.#instruments, this.#onTrace);
  }

  /** A call to the client begins. Returns the function to call at its end. */
  clientCall(connection: number, method: string): (code: RpcErrorCode | undefined) => void {
    const call = new ObservedCall(this.#service, method, CLIENT_SPAN, this.#instruments?.tracer);
    call.start();
    return (code) => {
      const durationMs = call.settle(code);
      this.#tell({ type: "clientCall", connection, method, durationMs, code });
    };
  }

  #tell(trace: ServerTrace): void {
    // An observer must not change behavior.
    tell(this.#onTrace, trace);
  }
}

interface Result {
  observe(value: number, attributes: Attributes): void;
}

type Callback = (result: Result) => void;

interface Observable {
  addCallback(callback: Callback): void;
  removeCallback(callback: Callback): void;
}

type Create = (name: string, options: { unit: string; description: string }) => Observable;

/** The part of a meter that is used. */
type ObservableMeter = Readonly<
  Record<"createObservableGauge" | "createObservableCounter", Create>
>;

const LINKS = { up: 1, partial: 0.5, down: 0 } as const;

/** Events by outcome, as in {@linkcode BrokerStatus}. */
const OUTCOMES = {
  published: "published",
  dropped: "dropped",
  failed: "failed",
  received: "received",
  missed: "missed",
  stale: "stale",
  late: "late",
  otherVersion: "other_version",
} as const;

/**
 * Report a broker's status whenever metrics are collected:
 *
 * - `hardlight.broker.link`: 1 while it is up, 0.5 while only some nodes can be reached, otherwise 0;
 * - `hardlight.broker.topics`, with `state`: `subscribed` or `unsubscribed`;
 * - `hardlight.broker.proof.age` and `hardlight.broker.round_trip`, in seconds, after the first probe returned;
 * - `hardlight.broker.pending`: bytes in flight to the engine;
 * - `hardlight.broker.events`, with `outcome`: `published`, `dropped`, `failed`, `received`, `missed`,
 *   `stale`, `late` or `other_version`;
 * - `hardlight.broker.bad_messages`.
 *
 * Each has the service's name as `rpc.service`. Returns a function that ends it. Does nothing if no API is
 * registered.
 */
export function observeBroker(service: string, status: () => BrokerStatus): () => void {
  const meter = telemetryMeter() as unknown as ObservableMeter | undefined;
  if (meter === undefined) return () => {};
  const about: Attributes = { "rpc.service": service };
  const ends: (() => void)[] = [];
  const observe = (
    kind: keyof ObservableMeter,
    name: string,
    unit: string,
    description: string,
    callback: (result: Result, now: BrokerStatus) => void,
  ): void => {
    const observable = meter[kind](`hardlight.broker.${name}`, { unit, description });
    const collect: Callback = (result) => callback(result, status());
    observable.addCallback(collect);
    ends.push(() => observable.removeCallback(collect));
  };
  const seconds = (result: Result, ms: number | undefined): void => {
    if (ms !== undefined) result.observe(ms / 1000, about);
  };
  const gauge = "createObservableGauge";
  const counter = "createObservableCounter";
  observe(gauge, "link", "1", "Whether the broker can be reached", (result, { link }) => {
    result.observe(LINKS[link], about);
  });
  const age = "Time since a message to the node itself came back";
  observe(gauge, "proof.age", "s", age, (result, { proofAgeMs }) => seconds(result, proofAgeMs));
  const trip = "Time that message took";
  observe(gauge, "round_trip", "s", trip, (result, { roundTripMs }) => {
    seconds(result, roundTripMs);
  });
  observe(gauge, "pending", "By", "Bytes on the way to the broker", (result, { pendingBytes }) => {
    result.observe(pendingBytes, about);
  });
  const topics = "Topics with local subscribers, by whether the broker has agreed to them";
  observe(gauge, "topics", "{topic}", topics, (result, { subscribed, unsubscribed }) => {
    result.observe(subscribed, { ...about, state: "subscribed" });
    result.observe(unsubscribed, { ...about, state: "unsubscribed" });
  });
  const events = "Events to and from other nodes, by what became of them";
  observe(counter, "events", "{event}", events, (result, now) => {
    for (const [count, outcome] of Object.entries(OUTCOMES)) {
      result.observe(now[count as keyof typeof OUTCOMES], { ...about, outcome });
    }
  });
  const bad = "Messages of the broker that no node of this service sends";
  observe(counter, "bad_messages", "{message}", bad, (result, now) => {
    result.observe(now.bad, about);
  });
  return () => ends.forEach((end) => end());
}
