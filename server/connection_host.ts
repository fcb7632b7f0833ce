/**
 * The parts of a connection: those shared by all of a server, and its own.
 *
 * @module
 */
import type { Codec } from "../codec/archive.ts";
import type { Reader } from "../codec/reader.ts";
import type { Service } from "../service/types.ts";
import type { Clock } from "../wire/clock.ts";
import type { Deflater } from "../wire/deflater.ts";
import type { Limits } from "../wire/limits.ts";
import type { ClientMessage } from "../wire/requests.ts";
import type { SenderOptions } from "../wire/sender.ts";
import type { PeerInfo, Transport } from "../wire/transport.ts";
import type { Backpressure } from "./backpressure.ts";
import type { CallGuard } from "./call_guard.ts";
import type { CallRunner } from "./calls.ts";
import type { ClientCalls } from "./client_calls.ts";
import type { Connection } from "./connection.ts";
import type { Ending } from "./connection_end.ts";
import type { EventLoop } from "./connections.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { ErrorReports } from "./error_reports.ts";
import type { EventSwitch } from "./event_switch.ts";
import type { StateShape } from "./state.ts";
import type { ServerCounters } from "./stats.ts";
import type { ServerTelemetry } from "./telemetry.ts";
import type { CallRate } from "./token_bucket.ts";

/** A service of any types. */
export type AnyService = Service<unknown, unknown, unknown, unknown>;

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

/** Shared by all connections of a server. */
export interface ConnectionHost extends CallsHost {
  /** The fields of the state. */
  readonly stateShape: StateShape;
  /** The last message. */
  readonly request: ClientMessage;
  /** Runs calls. */
  readonly calls: CallRunner;
  /** Ends peers that don't read. */
  readonly backpressure: Backpressure;
  /** Called once, when the connection has ended. */
  onEnd(connection: Connection): void;
  /** Called when the socket of a lingering connection has ended too. */
  onGone(connection: Connection): void;
}

/** One accepted peer. */
export interface ConnectionPeer {
  /** The connection's number on this server. It is never sent. */
  readonly id: number;
  /** The open transport. */
  readonly transport: Transport;
  /** The compression level for sending, and the largest message it accepts. */
  readonly sending: SenderOptions;
  /** Its address. */
  readonly peer: PeerInfo;
  /** The result of `authorize`. */
  readonly auth: unknown;
}

/** The parts of a connection that most never need. Created with the first of them. */
export class RareParts {
  /** Its rate limit, what its handlers hold, if any holds much, and how often they are in vain. */
  guard: CallGuard | undefined;
  /** The calls of its client. */
  clientCalls: ClientCalls | undefined;
  /** Aborts at its end. */
  abort: AbortController | undefined;
  /** Its end. */
  ending: Ending | undefined;
  /** The timer, while more is queued than `maxBufferedBytes`. */
  patience: unknown;
}
