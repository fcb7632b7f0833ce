/**
 * What a connection is made from: what all of a server share, and what one has of its own.
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

/** What all connections of a server share. */
export interface ConnectionHost<State, Event, Auth> {
  /** What the service is called. */
  readonly name: string;
  /** Who answers. */
  readonly dispatcher: Dispatcher<State, Event, Auth>;
  /** The fields of the state. */
  readonly stateShape: StateShape;
  /** Where events go. */
  readonly events: EventSwitch<Event>;
  /** Reads the message that came last: of all connections, since one that is idle must keep none. */
  readonly reader: Reader;
  /** The message that came last. */
  readonly request: ClientMessage;
  /** Runs calls. */
  readonly calls: CallRunner;
  /** Makes what handlers call their clients by. */
  readonly clients: ClientCaller;
  /** Gives up peers that do not read. */
  readonly backpressure: Backpressure;
  /** How messages are deflated. */
  readonly deflater: Deflater;
  /** The clock. */
  readonly clock: Clock;
  /** Every number. */
  readonly limits: Limits;
  /** What happens to a peer that breaks the protocol. */
  readonly onProtocolError: "close" | "ignore";
  /** Is told of errors; never throws. */
  readonly onError: ErrorListener;
  /** Counts of all connections. */
  readonly counters: ServerCounters;
  /** Who watches, if anybody does. */
  readonly telemetry: ServerTelemetry | undefined;
  /** How often a peer may call; absent, as often as it likes. */
  readonly callRate: CallRate | undefined;
  /** The connection has ended: once. */
  onEnd(connection: Connection<State, Event, Auth>): void;
  /** The socket of one that lingered has ended too. */
  onGone(connection: Connection<State, Event, Auth>): void;
}

/** One peer, as its upgrade was accepted. */
export interface ConnectionPeer<Auth> {
  /** The number of the connection on its server. It never leaves it. */
  readonly id: number;
  /** The open pipe. */
  readonly transport: Transport;
  /** At which level to send, and the largest message it takes. */
  readonly sending: SenderOptions;
  /** Where it is. */
  readonly peer: PeerInfo;
  /** What `authorize` answered. */
  readonly auth: Auth;
}

/** What a connection is to those who work for it: its own listener, since a function costs 32 bytes. */
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
  /** Where events come from and go. */
  readonly events: EventSwitch<Event>;
}

/** How one ends. Made when it begins to end, or is asked to when it is idle. */
export class Ending {
  /** What ended it, which is what came first. */
  closedWith: CloseInfo | undefined;
  /** Whether nothing more is sent, but what waits for the deflater. */
  mute = false;
  /** The timer after which the transport is ended. */
  timer: unknown;
  /** Whether the transport has ended. */
  ended = false;
  /** With what to close when no call is under way and every answer has been handed over. */
  whenDrained: CloseInfo | undefined;

  /**
   * Begin. What was answered is sent before the end, unless the peer does not read.
   *
   * @returns How to go on, once the connection has let go of the rest.
   */
  begin(info: CloseInfo, sender: Sender, callsInFlight: number): () => void {
    this.closedWith = info;
    const discards = info.code === CloseCode.SlowConsumer;
    if (discards) sender.close();
    const hangUp = (): void => this.hangUp(sender);
    // Handlers that have settled may be yet to be heard of: in microtasks that are queued by now.
    if (callsInFlight > 0 && !discards && !this.mute) return () => queueMicrotask(hangUp);
    this.silence(sender);
    return hangUp;
  }

  /** Send nothing more but what waits. */
  silence(sender: Sender): void {
    this.mute = true;
    sender.finish();
  }

  /** Send no more than what waits, and close once that is handed over. */
  hangUp(sender: Sender): void {
    this.silence(sender);
    if (this.ended || this.closedWith === undefined || !sender.idle) return;
    const { code, reason } = this.closedWith;
    sender.transport.close(code, reason, code === CloseCode.SlowConsumer);
  }
}
