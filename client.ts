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
 * Connect to a service, and stay connected: when the connection ends, another is made after a pause
 * of up to 100 ms, then 200 ms, up to 30 s; after a server that goes away, of up to what it asks for;
 * in a page, not before it is seen. Nothing is called again by itself; `onConnect` runs on every
 * connection.
 *
 * Outside browsers the client speaks `hl/2` and reaches Rust servers; a browser's `WebSocket` can
 * only speak `hl.2`, which they do not know.
 *
 * @param service The service, as the server declares it.
 * @param url Where: `wss:` or `ws:`, or a function that is asked before every attempt.
 * @param options How.
 * @returns A client that is connected.
 * @throws {ConnectError} If the first connection cannot be made; later ones are told to `onError`. What
 * `onConnect` throws while the connection stands is thrown as it is, such as the `RpcError` of a call.
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
  const [dial, deflater, codec] = await Promise.all([loadDialer(), loadDeflater(), loadCodec()]);
  const telemetry = createTelemetry(service.name, options?.onTrace);
  return await connectWith(service, url, options, { dial, deflater, codec, telemetry });
}

async function loadDialer(): Promise<Dialer> {
  (await import("./runtime/detect.ts")).checkRuntime();
  return (await import("./runtime/node/dial.ts")).dial;
}

/** Pages do without generated code: many forbid it, and all want to be small. */
async function loadCodec(): Promise<Codec> {
  return (await import("./codec/compiler.ts")).generate;
}

async function loadDeflater(): Promise<Deflater> {
  const { createZlibDeflater } = await import("./runtime/node/zlib.ts");
  const deflater = createZlibDeflater();
  if (deflater !== undefined) return deflater;
  return (await import("./runtime/streams.ts")).createStreamsDeflater();
}
