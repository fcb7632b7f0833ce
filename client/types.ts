/**
 * {@linkcode Client}, as its user sees it, and what is counted of it.
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
  /** One function a method: `(args, { timeoutMs, signal })`, which rejects with {@linkcode RpcError}. */
  readonly rpc: CallsOf<Methods>;
  /** The connection state, as the server last sent it. */
  readonly state: ClientState<State>;
  /** Whether calls can be made now. Another object after every change. */
  readonly status: ClientStatus;
  /** Be called after each change of {@linkcode Client.status}; returns how to stop. Needs no `this`. */
  readonly onStatus: (listener: (status: ClientStatus) => void) => () => void;
  /** The current counters and gauges. */
  stats(): ClientStats;
  /** Collect events from now on. */
  events(options?: EventsOptions): EventStream<Event>;
  /**
   * Close for good: calls in flight fail with `ConnectionLost`, iterations end. Resolves when the
   * transport has ended. Idempotent.
   */
  close(): Promise<void>;
}

/** The {@linkcode Client} of a service: `ClientOf<typeof Counter>`. */
export type ClientOf<S> = Client<MethodsOf<S>, StateOf<S>, EventOf<S>>;

/** Whether a client can call, and why not. */
export interface ClientStatus {
  /**
   * `connecting` at first, `open` when calls can be made, `reconnecting` when the connection has ended
   * and another is being made, `closed` for good.
   */
  readonly state: "connecting" | "open" | "reconnecting" | "closed";
  /** Why the last connection or attempt ended; absent while all is well and after `close()`. */
  readonly cause?: Error;
}

/** Counts of what has happened since the client was made, and of what there is now. */
export interface ClientStats {
  /** Connections that were made, so far. */
  readonly connectionsOpened: number;
  /** Attempts to connect that failed, so far. */
  readonly attemptsFailed: number;
  /** Calls that were made, so far, including those that were never sent. */
  readonly callsStarted: number;
  /** Received messages, total. */
  readonly messagesReceived: number;
  /** Bytes of received messages on the wire, total. */
  readonly bytesReceived: number;
  /** Bytes of sent messages on the wire, total. */
  readonly bytesSent: number;
  /** Events that came, so far, wanted or not. */
  readonly eventsReceived: number;
  /** Events that came, were wanted, and could not be decoded, so far. They are lost. */
  readonly undecodableEvents: number;
  /** Replies to calls that nobody had made, so far. */
  readonly strayReplies: number;
  /** Changes of state fields that this side does not know, so far. */
  readonly unknownStateFields: number;
  /** Calls that hold an id or wait for one, now. */
  readonly callsPending: number;
  /** Those of them that stream and hold an id, now. */
  readonly streamsOpen: number;
  /** Event iterators, now. */
  readonly eventIterators: number;
  /** Those who watch the state, now. */
  readonly stateWatchers: number;
  /** Transports that have not ended, now. */
  readonly transports: number;
  /** Bytes that wait to be sent, now. */
  readonly bufferedBytes: number;
}

/** What is counted as it happens. `bytesSent` is of sessions that have ended. */
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

/** Nothing has happened. */
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
