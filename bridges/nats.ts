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

/** What {@linkcode natsBroker} can be told. */
export interface NatsBrokerOptions extends PrefixOptions {}

/**
 * A broker over a NATS connection, which stays the caller's to close. Let it reconnect without end,
 * `maxReconnectAttempts: -1`; a quarter of a second after it was lost, `reconnectTimeWait: 250`, where the
 * client's default is two; and not send back what the node itself has published, `noEcho: true`: the node
 * would drop it, but only after it came. Servers that share a connection need the echo.
 *
 * Where NATS refuses the node's user twice in a row, the client gives up, whatever `maxReconnectAttempts`
 * says: the link is down with `final`, and the node has to be started anew. `ignoreAuthErrorAbort: true`
 * keeps it trying, but was seen to end a process on Deno with an error that nobody can catch.
 *
 * The node proves the link once a second: by a message to itself, or, with `noEcho`, by the answer to a
 * flush. A connection that does not answer twice in a row is told to reconnect.
 *
 * A topic's subject is the prefix, `s.` for text or `b.` for bytes, and the topic's bytes in base64url
 * without padding, or `=` if there are none.
 *
 * @throws {TypeError} If it is no connection, or a prefix is no beginning of a subject.
 */
export function natsBroker(connection: NatsConnection, options: NatsBrokerOptions = {}): Broker {
  checkConnection(connection);
  checkPrefixes(options);
  return new NatsBroker(connection, options);
}
