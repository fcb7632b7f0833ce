/**
 * Several nodes over NATS: `serve(Chat, { broker: natsBroker(connection) }, …)`.
 *
 * @example Usage
 * ```ts ignore
 * import { natsBroker } from "@hardlight/hardlight/nats";
 * import { serve } from "@hardlight/hardlight/server";
 * import { connect } from "@nats-io/transport-node";
 *
 * const nats = await connect({ servers: "localhost:4222", maxReconnectAttempts: -1, noEcho: true });
 * await using server = await serve(Chat, { port: 8080, broker: natsBroker(nats) }, handler);
 * ```
 *
 * @module
 */
import type { Broker } from "../wire/broker.ts";
import { NatsBroker } from "./nats_broker.ts";
import type { NatsConnection } from "./nats_connection.ts";
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
 * `maxReconnectAttempts: -1`, also where the server refuses it, `ignoreAuthErrorAbort: true`, and not send
 * back what the node itself has published, `noEcho: true`: the node would drop it, but only after it came.
 * Servers that share a connection need the echo.
 *
 * The node proves the link once a second: by a message to itself, or, with `noEcho`, by the answer to a
 * flush. A connection that does not answer twice in a row is told to reconnect.
 *
 * A topic's subject is the prefix, `s.` for text or `b.` for bytes, and the topic's bytes in base64url
 * without padding, or `=` if there are none.
 *
 * @throws {TypeError} If a prefix is no beginning of a subject.
 */
export function natsBroker(connection: NatsConnection, options: NatsBrokerOptions = {}): Broker {
  checkPrefixes(options);
  return new NatsBroker(connection, options);
}
