/**
 * {@linkcode ServerStats}: the statistics of a server.
 *
 * @module
 */
/** Counters since the server was created, and current gauges. */
export interface ServerStats {
  /** Opened connections, total. */
  readonly connectionsOpened: number;
  /** Refused connections, total. */
  readonly connectionsRefused: number;
  /** Connections closed because their peer didn't read, total. */
  readonly slowConsumersClosed: number;
  /** Messages that violated the protocol, total. */
  readonly protocolErrors: number;
  /** Received calls, total. */
  readonly callsReceived: number;
  /** Calls answered with an error, total. */
  readonly callsFailed: number;
  /** Calls refused by the rate limit, total. They also count as failed. */
  readonly callsLimited: number;
  /** Calls that their client cancelled in flight, total. */
  readonly callsCancelled: number;
  /** Calls sent to clients, total. */
  readonly clientCalls: number;
  /** Received stream items, total. */
  readonly itemsReceived: number;
  /** Sent stream items, total. */
  readonly itemsSent: number;
  /** Received messages, total. */
  readonly messagesReceived: number;
  /** Bytes of received messages on the wire, total. */
  readonly bytesReceived: number;
  /** Bytes of sent messages on the wire, total. */
  readonly bytesSent: number;
  /** Event messages for connections, total. */
  readonly eventsDelivered: number;
  /** The event messages not sent because they were larger than the client accepts, total. */
  readonly eventsTooBig: number;
  /** Current connections. */
  readonly connections: number;
  /** Current calls in flight. */
  readonly callsInFlight: number;
  /** The streaming calls among them. */
  readonly streamsOpen: number;
  /** Current calls to clients in flight, including cancelled ones that are not answered yet. */
  readonly clientCallsInFlight: number;
  /** Current subscriptions of all connections. */
  readonly subscriptions: number;
  /** Current topics with subscribers. */
  readonly topics: number;
  /**
   * Current queued bytes of all connections. An event counts once per connection even if it is in memory only
   * once, which `maxTotalBufferedBytes` counts once.
   */
  readonly bufferedBytes: number;
  /**
   * Estimated bytes of memory of the arguments of unsettled handlers, including those of ended connections and
   * without arguments under 4 KiB. `maxTotalHeldBytes` bounds it.
   */
  readonly heldBytes: number;
}

/** The counters: plain fields, because every call changes them. */
export class ServerCounters {
  /** See {@linkcode ServerStats}; so are the others. */
  connectionsOpened = 0;
  connectionsRefused = 0;
  slowConsumersClosed = 0;
  protocolErrors = 0;
  callsReceived = 0;
  callsFailed = 0;
  callsLimited = 0;
  callsCancelled = 0;
  clientCalls = 0;
  itemsReceived = 0;
  itemsSent = 0;
  messagesReceived = 0;
  bytesReceived = 0;
  /** The counts of ended connections. */
  bytesSent = 0;
  eventsDelivered = 0;
  eventsTooBig = 0;
}

/** The gauges of a server's connections, and the bytes that open ones have sent so far. */
export class Gauges {
  /** See {@linkcode ServerStats}; so are the others. */
  connections = 0;
  callsInFlight = 0;
  streamsOpen = 0;
  clientCallsInFlight = 0;
  subscriptions = 0;
  bufferedBytes = 0;
  bytesSent = 0;
}
