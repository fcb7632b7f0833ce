/**
 * Connect to a service.
 *
 * @example Usage
 * ```ts ignore
 * import { connect } from "@hardlight/hardlight/client";
 *
 * await using client = await connect(Counter, "wss://localhost:8080", { tls: "self-signed" });
 * await client.rpc.increment({ amount: 1 });
 * client.state.current.counter; // 1
 * ```
 *
 * @module
 */
import { connectWith } from "./client/full.ts";
import type { Client, ConnectOptions, PerAttempt } from "./client/mod.ts";
import { createTelemetry } from "./client/telemetry.ts";
import type { Codec } from "./codec/archive.ts";
import { runtimeName } from "./runtime/detect.ts";
import type { NoMethods, Service } from "./service/types.ts";
import type { Deflater } from "./wire/deflater.ts";
import type { Dialer } from "./wire/transport.ts";

export * from "./client/mod.ts";
export type { ItemStream, StreamSource } from "./stream/types.ts";
export type {
  CallOptions,
  CallOutput,
  Calls,
  CallsOf,
  Given,
  NoArgs,
  NoMethods,
  Service,
  Stream,
} from "./service/types.ts";
export {
  ConnectError,
  type ConnectErrorCode,
  ProtocolError,
  type ProtocolErrorCode,
  RpcError,
  type RpcErrorCode,
} from "./wire/errors.ts";
export type { Limits } from "./wire/limits.ts";
export type { ClientTls } from "./wire/transport.ts";
export { Topic } from "./wire/topic.ts";

/**
 * Connect to a service, and stay connected. When the connection ends, the client reconnects after a random
 * delay of up to 100 ms, then 200 ms, doubling up to 30 s. A server that goes away may ask for a longer
 * first delay. A page reconnects only while it is visible. Calls are never retried; `onConnect` runs on
 * every connection.
 *
 * Outside browsers the client offers `hl/2` and reaches Rust servers. A browser's `WebSocket` can offer
 * only `hl.2`, which Rust servers do not support.
 *
 * @param service The service, as the server declares it.
 * @param url The address, `wss:` or `ws:`, or a function that returns it before every attempt.
 * @param options The options.
 * @returns The connected client.
 * @throws {ConnectError} If the first connection fails; later failures are reported to `onError`. An error
 * that `onConnect` throws while the connection is open is thrown unchanged, such as the `RpcError` of a call.
 */
export async function connect<Methods, State, Event, ClientMethods = NoMethods>(
  service: Service<Methods, State, Event, ClientMethods>,
  url: PerAttempt<string | URL>,
  options: ConnectOptions<Methods, State, ClientMethods> = {},
): Promise<Client<Methods, State, Event>> {
  if (runtimeName() === "browser") {
    return await (await import("./browser.ts")).connect(service, url, options);
  }
  (await import("./service/check.ts")).checkService(service);
  const [dial, deflater, codec, { eventLoop: { afterInput, moreBytes } }] = await Promise.all([
    loadDialer(),
    sharedDeflater ??= loadDeflater(),
    loadCodec(),
    import("./runtime/turn.ts"),
  ]);
  const telemetry = createTelemetry(service.name, options?.onTrace);
  const parts = { dial, deflater, codec, afterInput, moreBytes, telemetry };
  return await connectWith(service, url, options, parts);
}

async function loadDialer(): Promise<Dialer> {
  (await import("./runtime/detect.ts")).checkRuntime();
  return (await import("./runtime/node/dial.ts")).dial;
}

/** Pages use no generated code: many forbid it, and it would make them larger. */
async function loadCodec(): Promise<Codec> {
  return (await import("./codec/compiler.ts")).generate;
}

/** One for all clients: it has memory of its own. */
let sharedDeflater: Promise<Deflater> | undefined;

async function loadDeflater(): Promise<Deflater> {
  const { createZlibDeflater } = await import("./runtime/node/zlib.ts");
  const deflater = createZlibDeflater();
  if (deflater !== undefined) return deflater;
  return (await import("./runtime/streams.ts")).createStreamsDeflater();
}
