/**
 * The parts of a connection: those shared by all of a server, and its own.
 *
 * @module
 */
import type { Reader } from "../codec/reader.ts";
import type { Clock } from "../wire/clock.ts";
import { CloseCode } from "../wire/close.ts";
import type { Deflater } from "../wire/deflater.ts";
import type { Limits } from "../wire/limits.ts";
import type { ClientMessage } from "../wire/messages.ts";
import type { ArchiveListener } from "../wire/receiver.ts";
import type { Sender, SenderOptions, SenderOwner } from "../wire/sender.ts";
import type { CloseInfo, PeerInfo, Transport, TransportListener } from "../wire/transport.ts";
import type { Backpressure, BackpressureOwner } from "./backpressure.ts";
import type { Caller } from "./caller.ts";
import type { CallRunner } from "./calls.ts";
import type { ClientCaller } from "./client_calls.ts";
import type { Connection } from "./connection.ts";
import type { Counted } from "./connections.ts";
import type { ContextOwner, ErrorListener } from "./context.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { EventSwitch } from "./event_switch.ts";
import type { StateOwner, StateShape } from "./state.ts";
import type { ServerCounters } from "./stats.ts";
import type { SubscriptionOwner } from "./subscriptions.ts";
import type { ServerTelemetry } from "./telemetry.ts";
import type { CallRate } from "./token_bucket.ts";

/** Shared by all connections of a server. */
export interface ConnectionHost<State, Event, Auth> {
  /** The service's name. */
  readonly name: string;
  /** The handlers. */
  readonly dispatcher: Dispatcher<State, Event, Auth>;
  /** The fields of the state. */
  readonly stateShape: StateShape;
  /** The event switch. */
  readonly events: EventSwitch<Event>;
  /** Reads the last message. Shared by all connections, because idle ones must not hold one. */
  readonly reader: Reader;
  /** The last message. */
  readonly request: ClientMessage;
  /** Runs calls. */
  readonly calls: CallRunner;
  /** Creates the caller objects for clients' methods. */
  readonly clients: ClientCaller;
  /** Ends peers that don't read. */
  readonly backpressure: Backpressure;
  /** How messages are deflated. */
  readonly deflater: Deflater;
  /** The clock. */
  readonly clock: Clock;
  /** All limits. */
  readonly limits: Limits;
  /** The reaction to a peer that violates the protocol. */
  readonly onProtocolError: "close" | "ignore";
  /** Reports errors; never throws. */
  readonly onError: ErrorListener;
  /** The statistics of all connections. */
  readonly counters: ServerCounters;
  /** The telemetry, if observed. */
  readonly telemetry: ServerTelemetry | undefined;
  /** The rate limit of each peer; absent: none. */
  readonly callRate: CallRate | undefined;
  /** Called once, when the connection has ended. */
  onEnd(connection: Connection<State, Event, Auth>): void;
  /** Called when the socket of a lingering connection has ended too. */
  onGone(connection: Connection<State, Event, Auth>): void;
}

/** One accepted peer. */
export interface ConnectionPeer<Auth> {
  /** The connection's number on this server. It is never sent. */
  readonly id: number;
  /** The open transport. */
  readonly transport: Transport;
  /** The compression level for sending, and the largest message it accepts. */
  readonly sending: SenderOptions;
  /** Its address. */
  readonly peer: PeerInfo;
  /** The result of `authorize`. */
  readonly auth: Auth;
}

/** A connection as seen by its parts; it implements their listeners, because a function costs 32 bytes. */
export interface ConnectionRoles<Event>
  extends
    TransportListener,
    ArchiveListener,
    SenderOwner,
    BackpressureOwner,
    Omit<SubscriptionOwner, "events">,
    Caller,
    Omit<ContextOwner<Event>, "events">,
    StateOwner,
    Counted {
  /** The event switch. */
  readonly events: EventSwitch<Event>;
}

/** The end of a connection. Created when it begins to end, or must end when idle. */
export class Ending {
  /** The first cause of its end. */
  closedWith: CloseInfo | undefined;
  /** Whether sending has stopped, except messages that wait for the deflater. */
  mute = false;
  /** The timer after which the transport is cut. */
  timer: unknown;
  /** Whether the transport has ended. */
  ended = false;
  /** The close to send when no call is in flight and every answer was sent. */
  whenDrained: CloseInfo | undefined;

  /**
   * Begin the end. Answers are sent first, unless the peer doesn't read.
   *
   * @returns The next step, after the connection has released the rest.
   */
  begin(info: CloseInfo, sender: Sender, callsInFlight: number): () => void {
    this.closedWith = info;
    const discards = info.code === CloseCode.SlowConsumer;
    if (discards) sender.close();
    const hangUp = (): void => this.hangUp(sender);
    // The results of settled handlers may still be in queued microtasks.
    if (callsInFlight > 0 && !discards && !this.mute) return () => queueMicrotask(hangUp);
    this.silence(sender);
    return hangUp;
  }

  /** Send only what is queued. */
  silence(sender: Sender): void {
    this.mute = true;
    sender.finish();
  }

  /** Send only what is queued, then close. */
  hangUp(sender: Sender): void {
    this.silence(sender);
    if (this.ended || this.closedWith === undefined || !sender.idle) return;
    const { code, reason } = this.closedWith;
    sender.transport.close(code, reason, code === CloseCode.SlowConsumer);
  }
}
