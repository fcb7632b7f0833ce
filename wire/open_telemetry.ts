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

/** Returns a function that runs others in the currently active context; `undefined` if no API has contexts. */
export function activeContext(): (<T>(run: () => T) => T) | undefined {
  const contexts = registered()?.context;
  if (contexts === undefined) return undefined;
  const active = contexts.active();
  return (run) => contexts.with(active, run);
}

/** The attributes of a call, by the semantic conventions for RPC. */
export function callAttributes(service: string, method: string): Attributes {
  return { "rpc.system": "hardlight", "rpc.service": service, "rpc.method": method };
}

/**
 * A call has settled: end its span, if any, and record its duration.
 *
 * @param startedAt When it began, by `performance.now()`.
 * @param code The error code, if it failed.
 * @returns Its duration in milliseconds.
 */
export function endCall(
  instruments: Instruments | undefined,
  span: Span | undefined,
  attributes: Attributes,
  startedAt: number,
  code: string | undefined,
): number {
  const durationMs = performance.now() - startedAt;
  if (code !== undefined) {
    span?.setAttribute("error.type", code);
    span?.setStatus({ code: SPAN_ERROR });
  }
  span?.end();
  const outcome = code === undefined ? attributes : { ...attributes, "error.type": code };
  instruments?.durations?.record(durationMs / 1000, outcome);
  return durationMs;
}
