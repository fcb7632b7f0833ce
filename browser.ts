/**
 * Connect to a service from a page: `connect()` of `./client` with nothing in it that a browser has no
 * use for, so that a bundler, or a page without one, never meets a `node:` module.
 *
 * @example Usage
 * ```ts ignore
 * import { connect } from "@hardlight/hardlight/browser";
 *
 * const client = await connect(Counter, location.href);
 * await client.rpc.increment({ amount: 1 });
 * client.state.current.counter; // 1
 * ```
 *
 * @module
 */
import { type Client, type ConnectOptions, connectWith, type PerAttempt } from "./client/mod.ts";
import { dial } from "./runtime/browser.ts";
import { createStreamsDeflater } from "./runtime/streams.ts";
import type { Service } from "./service/types.ts";

export type * from "./client.ts";
export { OverflowError } from "./client/mod.ts";
export { ConnectError, ProtocolError, RpcError } from "./wire/errors.ts";
export { Topic } from "./wire/topic.ts";

/**
 * Connect to a service, and stay connected, by the standard `WebSocket`.
 *
 * `tls` and `headers` are not to be given: whom to trust and what to send is the browser's decision.
 *
 * @param service The service, as the server declares it.
 * @param url Where: `wss:`, `ws:`, `https:` or `http:`, or a function that is asked before every attempt.
 * @param options How.
 * @returns A client that is connected.
 * @throws {ConnectError} If the first connection cannot be made; later ones are told to `onError`.
 */
export function connect<Methods, State, Event>(
  service: Service<Methods, State, Event>,
  url: PerAttempt<string | URL>,
  options: ConnectOptions<Methods, State> = {},
): Promise<Client<Methods, State, Event>> {
  return connectWith(service, url, options, { dial, deflater: createStreamsDeflater() });
}
