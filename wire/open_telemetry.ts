/**
 * The used part of the OpenTelemetry API, if the program has registered one: spans and metrics without a
 * dependency.
 *
 * @module
 */

/** The part of a span that is used. */
export interface Span {
  /** Set an attribute. */
  setAttribute(name: string, value: string | number): unknown;
  /** 2 is an error. */
  setStatus(status: { readonly code: number; readonly message?: string }): unknown;
  /** End it. */
  end(): void;
}

/** The part of a tracer that is used. */
export interface Tracer {
  /** Start a span under the active one. */
  startSpan(name: string, options: SpanOptions): Span;
  /** Start a span and run with it as the active one. */
  startActiveSpan<T>(name: string, options: SpanOptions, run: (span: Span) => T): T;
}

/** Options of a new span. */
export interface SpanOptions {
  /** {@linkcode SERVER_SPAN} or {@linkcode CLIENT_SPAN}. */
  readonly kind: number;
  /** Attributes. */
  readonly attributes: Attributes;
}

/** Attributes by name. */
export type Attributes = Readonly<Record<string, string>>;

/** The part of a histogram that is used. */
export interface Histogram {
  /** Add a value. */
  record(value: number, attributes: Attributes): void;
}

/** The part of an up-down counter that is used. */
export interface UpDownCounter {
  /** Change it. */
  add(value: number, attributes: Attributes): void;
}

/** The part of a meter that is used. */
export interface Meter {
  /** Create a histogram. */
  createHistogram(name: string, options: { unit: string; description: string }): Histogram;
  /** Create an up-down counter. */
  createUpDownCounter(name: string, options: { unit: string; description: string }): UpDownCounter;
}

interface ContextManager {
  active(): unknown;
  with<T>(context: unknown, run: () => T): T;
}

interface Api {
  readonly trace?: { getTracer(name: string): Tracer };
  readonly metrics?: { getMeter(name: string): Meter };
  readonly context?: ContextManager;
}

/** `SpanKind.SERVER` of the OpenTelemetry API. */
export const SERVER_SPAN = 1;
/** `SpanKind.CLIENT` of the OpenTelemetry API. */
export const CLIENT_SPAN = 2;
/** `SpanStatusCode.ERROR` of the OpenTelemetry API. */
const SPAN_ERROR = 2;

const API = Symbol.for("opentelemetry.js.api.1");
const SCOPE = "hardlight";

/** The instruments of one side. */
export interface Instruments {
  /** Makes spans. */
  readonly tracer: Tracer | undefined;
  /** `rpc.<side>.call.duration`, in seconds. */
  readonly durations: Histogram | undefined;
  /** `hardlight.<side>.connections`. */
  readonly connections: UpDownCounter | undefined;
}

function registered(): Api | undefined {
  return (globalThis as { readonly [API]?: Api })[API];
}

/** The meter of the registered API, or `undefined`. */
export function telemetryMeter(): Meter | undefined {
  return registered()?.metrics?.getMeter(SCOPE);
}

/** The instruments of the registered API, or `undefined`. */
export function openTelemetry(side: "server" | "client"): Instruments | undefined {
  const api = registered();
  if (api === undefined) return undefined;
  const meter = telemetryMeter();
  return {
    tracer: api.trace?.getTracer(SCOPE),
    durations: meter?.createHistogram(`rpc.${side}.call.duration`, {
      unit: "s",
      description: "How long calls took",
    }),
    connections: meter?.createUpDownCounter(`hardlight.${side}.connections`, {
      unit: "{connection}",
      description: "Connections that are open",
    }),
  };
}

/** Runs a function in a context. */
type RunIn = <T>(run: () => T) => T;

/** Returns a function that runs others in the currently active context; `undefined` if no API has contexts. */
function activeContext(): RunIn | undefined {
  const contexts = registered()?.context;
  if (contexts === undefined) return undefined;
  const active = contexts.active();
  return (run) => contexts.with(active, run);
}

/** Item counts of a streaming call. */
export interface ItemCounts {
  /** Sent items. */
  readonly itemsSent: number;
  /** Received items. */
  readonly itemsReceived: number;
}

/** One call of either side: its span, if there is a tracer, and its duration. */
export class ObservedCall {
  readonly #tracer: Tracer | undefined;
  readonly #durations: Histogram | undefined;
  readonly #name: string;
  readonly #options: SpanOptions;
  readonly #startedAt: number = performance.now();
  #span: Span | undefined;
  /** Runs functions in its context, once {@linkcode ObservedCall.run} was called. */
  runIn: RunIn | undefined;

  /** Create for a call that begins; `durations` record how long calls took. */
  constructor(
    service: string,
    method: string,
    kind: number,
    tracer: Tracer | undefined,
    durations?: Histogram,
  ) {
    this.#tracer = tracer;
    this.#durations = durations;
    this.#name = `${service}/${method}`;
    // By the semantic conventions for RPC.
    const attributes = { "rpc.system": "hardlight", "rpc.service": service, "rpc.method": method };
    this.#options = { kind, attributes };
  }

  /** Start its span under the active one. */
  start(): void {
    this.#span = this.#tracer?.startSpan(this.#name, this.#options);
  }

  /** Start its span, and run a function with it as the active one. */
  run<T>(step: () => T): T {
    if (this.#tracer === undefined) return step();
    return this.#tracer.startActiveSpan(this.#name, this.#options, (span) => {
      this.#span = span;
      this.runIn = activeContext();
      return step();
    });
  }

  /**
   * It has settled: end its span and record its duration.
   *
   * @param code The error code, if it failed.
   * @param items Its items, if it streams.
   * @returns Its duration in milliseconds.
   */
  settle(code: string | undefined, items?: ItemCounts): number {
    const durationMs = performance.now() - this.#startedAt;
    const span = this.#span;
    if (items !== undefined) {
      span?.setAttribute("hardlight.items.sent", items.itemsSent);
      span?.setAttribute("hardlight.items.received", items.itemsReceived);
    }
    if (code !== undefined) {
      span?.setAttribute("error.type", code);
      span?.setStatus({ code: SPAN_ERROR });
    }
    span?.end();
    const { attributes } = this.#options;
    const outcome = code === undefined ? attributes : { ...attributes, "error.type": code };
    this.#durations?.record(durationMs / 1000, outcome);
    return durationMs;
  }
}
