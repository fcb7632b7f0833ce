/**
 * {@linkcode ServerParts}: the parts of a server that its connections share.
 *
 * @module
 */
import type { Codec } from "../codec/archive.ts";
import type { Reader } from "../codec/reader.ts";
import type { Clock } from "../wire/clock.ts";
import type { Deflater } from "../wire/deflater.ts";
import type { Limits } from "../wire/limits.ts";
import type { AnyService, Dispatcher } from "./dispatcher.ts";
import type { ErrorReports } from "./error_reports.ts";
import type { EventSwitch } from "./event_switch.ts";
import type { ServerCounters } from "./stats.ts";
import type { ServerTelemetry } from "./telemetry.ts";
import type { CallRate } from "./token_bucket.ts";

/** The runtime's event loop, shared by all connections. */
export interface EventLoop {
  /** Bytes by which the reader of a stream makes its window wider, where much is read at once. */
  readonly moreBytes: number;
  /** Run a step after the runtime has polled for input. */
  afterInput(run: () => void): void;
  /** A message decoded to so many estimated bytes of memory, which took time. */
  onDecoded(bytes: number): void;
  /** A message of so many bytes is written, which takes time, as does deflating it. */
  onEncoded(bytes: number): void;
}

/** Shared by everything in a server. */
export interface ServerParts {
  /** The service. */
  readonly service: AnyService;
  /** How values are archived. */
  readonly codec: Codec;
  /** The event switch. */
  readonly events: EventSwitch;
  /** How messages are deflated. */
  readonly deflater: Deflater;
  /** The clock. */
  readonly clock: Clock;
  /** All limits. */
  readonly limits: Limits;
  /** The reaction to a peer that violates the protocol. */
  readonly onProtocolError: "close" | "ignore";
  /** Reports errors to `onError`, thinned out; never throws. */
  readonly reports: ErrorReports;
  /** The statistics of all connections. */
  readonly counters: ServerCounters;
  /** The telemetry, if observed. */
  readonly telemetry: ServerTelemetry | undefined;
  /** The rate limit of each peer; absent: none. */
  readonly callRate: CallRate | undefined;
  /** The event loop, if the runtime may hold received messages; absent otherwise. */
  readonly loop: EventLoop | undefined;
}

/** What calls need: the handlers, and the reader of the last message. */
export interface CallsHost extends ServerParts {
  /** Reads the last message. Shared by all connections, because idle ones must not hold one. */
  readonly reader: Reader;
  /** The handlers. */
  readonly dispatcher: Dispatcher;
}
