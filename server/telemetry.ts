/**
 * {@linkcode ServerTelemetry} and {@linkcode observeBroker}: what a server tells those who watch it.
 *
 * @module
 */
import type { ConnectErrorCode, RpcErrorCode, RpcHandlerErrorCode } from "../wire/errors.ts";
import { tell } from "../wire/listener.ts";
import {
  type Attributes,
  callAttributes,
  CLIENT_SPAN,
  endCall,
  type Instruments,
  SERVER_SPAN,
  type Span,
  telemetryMeter,
} from "../wire/open_telemetry.ts";
import type { PeerInfo } from "../wire/transport.ts";
import type { BrokerStatus } from "./broker_status.ts";

/** Something that happened on a server. */
export type ServerTrace =
  /** A connection opened. */
  | { readonly type: "opened"; readonly connection: number; readonly peer: PeerInfo }
  /** A connection ended. `code` and `reason` are those of its close. */
  | {
    readonly type: "closed";
    readonly connection: number;
    readonly peer: PeerInfo;
    readonly code: number;
    readonly reason: string;
  }
  /** A connection was refused. */
  | { readonly type: "refused"; readonly peer: PeerInfo; readonly code: ConnectErrorCode }
  /** A call was answered; `code` is absent if it succeeded. */
  | {
    readonly type: "call";
    readonly connection: number;
    readonly method: string;
    readonly durationMs: number;
    readonly code: RpcHandlerErrorCode | undefined;
    /** Items of its output that were sent, if it streams. */
    readonly itemsSent?: number;
    /** Items of its argument that came, if it streams. */
    readonly itemsReceived?: number;
  }
  /** A call of the client was settled; `code` is absent if it succeeded. */
  | {
    readonly type: "clientCall";
    readonly connection: number;
    readonly method: string;
    readonly durationMs: number;
    readonly code: RpcErrorCode | undefined;
  };

/** Is told what happens. What it throws or rejects with is lost. */
export type ServerTraceListener = (trace: ServerTrace) => void;

/** One call, from before its handler runs to its answer. */
export interface CallTrace {
  /** Run the handler. */
  run<T>(handler: () => T): T;
  /** It was answered; `items` if it streams. */
  end(code: RpcHandlerErrorCode | undefined, items?: ItemCounts): void;
}

/** Items of a call that streams. */
export interface ItemCounts {
  /** Of its output. */
  readonly itemsSent: number;
  /** Of its argument. */
  readonly itemsReceived: number;
}

/** There is one only if somebody watches: an `onTrace`, or an OpenTelemetry API. */
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

  /** A call came. */
  call(connection: number, method: string): CallTrace {
    const instruments = this.#instruments;
    const attributes = callAttributes(this.#service, method);
    const startedAt = performance.now();
    let span: Span | undefined;
    return {
      run: (handler) => {
        const tracer = instruments?.tracer;
        if (tracer === undefined) return handler();
        const name = `${this.#service}/${method}`;
        return tracer.startActiveSpan(name, { kind: SERVER_SPAN, attributes }, (started) => {
          span = started;
          return handler();
        });
      },
      end: (code, items) => {
        if (items !== undefined) {
          span?.setAttribute("hardlight.items.sent", items.itemsSent);
          span?.setAttribute("hardlight.items.received", items.itemsReceived);
        }
        const durationMs = endCall(instruments, span, attributes, startedAt, code);
        this.#tell({ type: "call", connection, method, durationMs, code, ...items });
      },
    };
  }

  /** A call of the client begins. Returns what is to be told how it ended. */
  clientCall(connection: number, method: string): (code: RpcErrorCode | undefined) => void {
    const attributes = callAttributes(this.#service, method);
    const startedAt = performance.now();
    const span = this.#instruments?.tracer?.startSpan(`${this.#service}/${method}`, {
      kind: CLIENT_SPAN,
      attributes,
    });
    return (code) => {
      const durationMs = endCall(undefined, span, attributes, startedAt, code);
      this.#tell({ type: "clientCall", connection, method, durationMs, code });
    };
  }

  #tell(trace: ServerTrace): void {
    // One who watches must not change what is watched.
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

/** What is used of a meter. */
type ObservableMeter = Readonly<
  Record<"createObservableGauge" | "createObservableCounter", Create>
>;

const LINKS = { up: 1, partial: 0.5, down: 0 } as const;

/** Events by what became of them, as in {@linkcode BrokerStatus}. */
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
 * Let a broker's status be read whenever metrics are collected:
 *
 * - `hardlight.broker.link`: 1 while it is up, 0.5 while only a part of the nodes is heard, else 0;
 * - `hardlight.broker.topics`, with `state`: `subscribed` or `unsubscribed`;
 * - `hardlight.broker.proof.age` and `hardlight.broker.round_trip`, in seconds, once the link was proved;
 * - `hardlight.broker.pending`: bytes on the way to the engine;
 * - `hardlight.broker.events`, with `outcome`: `published`, `dropped`, `failed`, `received`, `missed`,
 *   `stale`, `late` or `other_version`;
 * - `hardlight.broker.bad_messages`.
 *
 * Each has the service's name as `rpc.service`. Returns what ends it; does nothing where no API is
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
