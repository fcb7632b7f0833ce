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
import { storedDeflater } from "./runtime/stored_deflater.ts";
import type { Service } from "./service/types.ts";
import { isObserved } from "./client/observed.ts";

export type * from "./client.ts";
export { OverflowError } from "./client/mod.ts";
export { ConnectError, ProtocolError, RpcError } from "./wire/errors.ts";
export { Topic } from "./wire/topic.ts";

/**
 * Connect to a service, and stay connected, by the standard `WebSocket`.
 *
 * `tls` and `headers` are not to be given: whom to trust and what to send is the browser's decision.
 * `level` is 0 unless it is given: what inflates is larger than what it saves in most pages, and is
 * loaded only for another level. What watches calls is loaded only if there is an `onTrace` or an
 * OpenTelemetry API.
 *
 * @param service The service, as the server declares it.
 * @param url Where: `wss:`, `ws:`, `https:` or `http:`, or a function that is asked before every attempt.
 * @param options How.
 * @returns A client that is connected.
 * @throws {ConnectError} If the first connection cannot be made; later ones are told to `onError`.
 */
export async function connect<Methods, State, Event>(
  service: Service<Methods, State, Event>,
  url: PerAttempt<string | URL>,
  options: ConnectOptions<Methods, State> = {},
): Promise<Client<Methods, State, Event>> {
  const { level = 0, onTrace } = options;
  const [deflater, telemetry] = await Promise.all([
    level === 0
      ? storedDeflater
      : import("./runtime/streams.ts").then((streams) => streams.createStreamsDeflater()),
    isObserved(onTrace)
      ? import("./client/telemetry.ts").then((made) => made.createTelemetry(service.name, onTrace))
      : undefined,
  ]);
  return await connectWith(service, url, { ...options, level }, { dial, deflater, telemetry });
}
