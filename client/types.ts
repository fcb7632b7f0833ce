/**
 * {@linkcode Client} and its counters.
 *
 * @module
 */
import type { CallsOf, EventOf, MethodsOf, StateOf } from "../service/types.ts";
import type { EventsOptions, EventStream } from "./events.ts";
import type { ClientState } from "./state_mirror.ts";

/**
 * A client of a service.
 *
 * @typeParam Methods The service's functions.
 * @typeParam State The connection state.
 * @typeParam Event The event type.
 */
export interface Client<Methods, State, Event> extends AsyncDisposable {
  /** One function per method: `(args, { timeoutMs, signal })`, which rejects with {@linkcode RpcError}. */
  readonly rpc: CallsOf<Methods>;
  /** The connection state, as last sent by the server. */
  readonly state: ClientState<State>;
  /** Whether calls are possible now. A new object after every change. */
  readonly status: ClientStatus;
  /** Call a function after each change of {@linkcode Client.status}; returns a function that unsubscribes. */
  readonly onStatus: (listener: (status: ClientStatus) => void) => () => void;
  /** The current counters and gauges. */
  stats(): ClientStats;
  /** Receive events from now on. */
  events(options?: EventsOptions): EventStream<Event>;
  /**
   * Close for good: calls in flight fail with `ConnectionLost`, iterations end. Resolves when the
   * transport has ended. Idempotent.
   */
  close(): Promise<void>;
}

/** The {@linkcode Client} of a service: `ClientOf<typeof Counter>`. */
export type ClientOf<S> = Client<MethodsOf<S>, StateOf<S>, EventOf<S>>;

/** A client's connection status. */
export interface ClientStatus {
  /**
   * `connecting` at first, `open` when calls are possible, `reconnecting` after the connection has ended, `closed`
   * for good.
   */
  readonly state: "connecting" | "open" | "reconnecting" | "closed";
  /** The error of the last connection or attempt; absent while open and after `close()`. */
  readonly cause?: Error;
}

/** Counters since the client was created, and current gauges. */
export interface ClientStats {
  /** Opened connections, total. */
  readonly connectionsOpened: number;
  /** Failed connection attempts, total. */
  readonly attemptsFailed: number;
  /** Calls made, total, including those never sent. */
  readonly callsStarted: number;
  /** Received messages, total. */
  readonly messagesReceived: number;
  /** Bytes of received messages on the wire, total. */
  readonly bytesReceived: number;
  /** Bytes of sent messages on the wire, total. */
  readonly bytesSent: number;
  /** Received events, total, with or without an iterator. */
  readonly eventsReceived: number;
  /** Events for an iterator that failed to decode, total. They are lost. */
  readonly undecodableEvents: number;
  /** Replies to unknown calls, total. */
  readonly strayReplies: number;
  /** Changes of unknown state fields, total. */
  readonly unknownStateFields: number;
  /** Current calls that hold an id or wait for one. */
  readonly callsPending: number;
  /** The streaming calls among them that hold an id. */
  readonly streamsOpen: number;
  /** Current event iterators. */
  readonly eventIterators: number;
  /** Current watchers of the state. */
  readonly stateWatchers: number;
  /** Current open transports. */
  readonly transports: number;
  /** Currently queued bytes. */
  readonly bufferedBytes: number;
}

/** The counters. `bytesSent` counts ended sessions. */
export type ClientCounters = {
  -readonly [
    Name in Exclude<
      keyof ClientStats,
      | "callsPending"
      | "streamsOpen"
      | "eventIterators"
      | "stateWatchers"
      | "transports"
      | "bufferedBytes"
    >
  ]: number;
};

/** All counters at 0. */
export const NO_COUNTS: Readonly<ClientCounters> = {
  connectionsOpened: 0,
  attemptsFailed: 0,
  callsStarted: 0,
  messagesReceived: 0,
  bytesReceived: 0,
  bytesSent: 0,
  eventsReceived: 0,
  undecodableEvents: 0,
  strayReplies: 0,
  unknownStateFields: 0,
};
