/**
 * {@linkcode ServerStats}: a server in numbers.
 *
 * @module
 */

/** Counts of what has happened since the server was made, and of what there is now. */
export interface ServerStats {
  /** Connections that were opened, so far. */
  readonly connectionsOpened: number;
  /** Connections that were refused, so far. */
  readonly connectionsRefused: number;
  /** Connections that were closed because their peer did not read, so far. */
  readonly slowConsumersClosed: number;
  /** Messages that broke the protocol, so far. */
  readonly protocolErrors: number;
  /** Calls that came, so far. */
  readonly callsReceived: number;
  /** Calls that were answered with an error, so far. */
  readonly callsFailed: number;
  /** Calls that were refused by the rate limit, so far. They count as failed too. */
  readonly callsLimited: number;
  /** Calls that their client gave up while they were under way, so far. */
  readonly callsCancelled: number;
  /** Calls of clients that were sent, so far. */
  readonly clientCalls: number;
  /** Items of streams that came, so far. */
  readonly itemsReceived: number;
  /** Items of streams that were sent, so far. */
  readonly itemsSent: number;
  /** Messages that came, so far. */
  readonly messagesReceived: number;
  /** Bytes of the messages that came, as they stood on the wire, so far. */
  readonly bytesReceived: number;
  /** Bytes of the messages that were sent, as they stand on the wire, so far. */
  readonly bytesSent: number;
  /** Messages of events that were handed to connections, so far. */
  readonly eventsDelivered: number;
  /** Those of them that were not sent, because they are larger than their client takes, so far. */
  readonly eventsTooBig: number;
  /** Connections, now. */
  readonly connections: number;
  /** Calls under way, now. */
  readonly callsInFlight: number;
  /** Those of them that stream, now. */
  readonly streamsOpen: number;
  /** Calls of clients under way, now, those included that nobody waits for until their answer has come. */
  readonly clientCallsInFlight: number;
  /** Subscriptions of all connections, now. */
  readonly subscriptions: number;
  /** Topics that somebody is subscribed to, now. */
  readonly topics: number;
  /**
   * Bytes that wait to be sent, now: for each connection what waits for it. An event that several wait for
   * counts once for each, also where it lies in memory once: `maxTotalBufferedBytes` counts that once.
   */
  readonly bufferedBytes: number;
  /**
   * Bytes of memory, estimated, of the arguments that handlers were given and have not settled, now, those of
   * connections that have ended included and those under 4 KiB left out: what `maxTotalHeldBytes` bounds.
   */
  readonly heldBytes: number;
}

/** What is counted as it happens: plain fields, because they are on every call's path. */
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
  /** Of connections that have ended. */
  bytesSent = 0;
  eventsDelivered = 0;
  eventsTooBig = 0;
}
