/**
 * Several nodes over NATS: `serve(Chat, { broker: natsBroker(connection) }, …)`.
 *
 * @example Usage
 * ```ts ignore
 * import { natsBroker } from "@hardlight/hardlight/nats";
 * import { serve } from "@hardlight/hardlight/server";
 * import { connect } from "@nats-io/transport-node";
 *
 * const nats = await connect({
 *   servers: "localhost:4222",
 *   maxReconnectAttempts: -1,
 *   reconnectTimeWait: 250,
 *   noEcho: true,
 * });
 * await using server = await serve(Chat, { port: 8080, broker: natsBroker(nats) }, handler);
 * ```
 *
 * @module
 */
import type { Broker } from "../wire/broker.ts";
import { NatsBroker } from "./nats_broker.ts";
import { checkConnection, type NatsConnection } from "./nats_connection.ts";
import { checkPrefixes, type PrefixOptions } from "./topic_name.ts";

export { type Broker, type BrokerNode, BrokerRefusal } from "../wire/broker.ts";
export { Topic } from "../wire/topic.ts";
export { MAX_NATS_TOPIC_BYTES } from "./nats_broker.ts";
export type {
  NatsConnection,
  NatsMessage,
  NatsServerInfo,
  NatsStatus,
  NatsSubscription,
} from "./nats_connection.ts";
export type { PrefixOptions } from "./topic_name.ts";

/** Options of {@linkcode natsBroker}. */
export interface NatsBrokerOptions extends PrefixOptions {}

/**
 * A broker over a NATS connection. The caller still closes the connection. Recommended settings:
 *
 * - `maxReconnectAttempts: -1`: never stop reconnecting.
 * - `reconnectTimeWait: 250`: retry after 250 ms; the client's default is 2 s.
 * - `noEcho: true`: NATS doesn't send the node's own messages back. Without it the node receives and drops
 *   them. Servers that share a connection need the echo.
 *
 * If NATS rejects the node's user twice in a row, the client gives up even with `maxReconnectAttempts: -1`.
 * The link is then down with `final`, and the node must be restarted. `ignoreAuthErrorAbort: true` keeps it
 * retrying, but ended a process on Deno with an error that cannot be caught.
 *
 * The node tests the link once a second: by a message to itself, or, with `noEcho`, by the answer to a
 * flush. After two missing answers in a row it reconnects.
 *
 * A topic's subject is the prefix, `s.` for text or `b.` for bytes, and the topic's bytes in base64url
 * without padding, or `=` if there are none.
 *
 * @throws {TypeError} If `connection` is not a NATS connection, or a prefix cannot begin a subject.
 */
export function natsBroker(connection: NatsConnection, options: NatsBrokerOptions = {}): Broker {
  checkConnection(connection);
  checkPrefixes(options);
  return new NatsBroker(connection, options);
}
