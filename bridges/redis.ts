/**
 * Several nodes over Redis: `serve(Chat, { broker: redisBroker(client) }, …)`.
 *
 * @example Usage
 * ```ts ignore
 * import { redisBroker } from "@hardlight/hardlight/redis";
 * import { serve } from "@hardlight/hardlight/server";
 * import { createClient } from "redis";
 *
 * const redis = createClient({ url: "redis://localhost:6379" }).on("error", console.error);
 * await using server = await serve(Chat, { port: 8080, broker: redisBroker(redis) }, handler);
 * ```
 *
 * @module
 */
import type { Broker } from "../wire/broker.ts";
import { RedisBroker } from "./redis_broker.ts";
import { checkClient, type RedisClient } from "./redis_client.ts";
import { checkPrefixes, type PrefixOptions } from "./topic_name.ts";

export { type Broker, type BrokerNode, BrokerRefusal } from "../wire/broker.ts";
export { Topic } from "../wire/topic.ts";
export type { RedisClient, RedisListener } from "./redis_client.ts";
export type { PrefixOptions } from "./topic_name.ts";

/** Options of {@linkcode redisBroker}. */
export interface RedisBrokerOptions extends PrefixOptions {}

/**
 * A broker over Redis. It duplicates the client twice, one connection to publish and one to subscribe, and
 * owns both duplicates. The given client need not be connected and stays the caller's. The broker ignores
 * its `reconnectStrategy`, `pingInterval` and `socketTimeout`: the node tests the link once a second by a
 * message to itself. It opens two new connections when one has ended, does not answer, or leads to a
 * replica, which would not pass messages on.
 *
 * A topic's channel is the prefix, `s.` for text or `b.` for bytes, and the topic's bytes in base64url
 * without padding, or `=` if there are none. Databases do not separate channels; prefixes do.
 *
 * @throws {TypeError} If a prefix is not made of names that each end in a dot, or the client does not come
 * from node-redis' `createClient()` or `createSentinel()`. Clusters, pools and ioredis are not supported.
 */
export function redisBroker(client: RedisClient, options: RedisBrokerOptions = {}): Broker {
  checkPrefixes(options);
  checkClient(client);
  return new RedisBroker(client, options);
}
