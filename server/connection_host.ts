/**
 * {@linkcode ConnectionHost}: the parts that all connections of a server share; {@linkcode RareParts}: those that few
 * connections have.
 *
 * @module
 */
import type { ClientMessage } from "../wire/client_message_reader.ts";
import type { SenderOptions } from "../wire/sending.ts";
import type { PeerInfo, Transport } from "../wire/transport.ts";
import type { Backpressure } from "./backpressure.ts";
import type { CallGuard } from "./call_guard.ts";
import type { CallRunner } from "./calls.ts";
import type { ClientCalls } from "./client_calls.ts";
import type { Ending } from "./connection_end.ts";
import type { Connections } from "./connections.ts";
import type { CallsHost } from "./server_parts.ts";
import type { StateShape } from "./state.ts";

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
  /** All connections. */
  readonly connections: Connections;
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
  /** The stream of which messages too large for a batch are items, or -1. */
  rawId = -1;

  /** A call's handler has settled. */
  letGo(id: number): void {
    this.guard?.release(id);
    if (this.guard?.idle) this.guard = undefined;
  }
}
