/**
 * A client and a server without a socket: for tests, or both ends in one process.
 *
 * @example A test
 * ```ts
 * import assert from "node:assert/strict";
 * import { rpc, service, u32 } from "@hardlight/hardlight";
 * import { memoryPair } from "@hardlight/hardlight/memory";
 *
 * const Dice = service({ rpc: { roll: rpc({}, u32) } });
 * await using pair = await memoryPair(Dice, () => ({ roll: () => 4 }));
 * assert.equal(await pair.client.rpc.roll(), 4);
 * ```
 *
 * @module
 */
import { connectWith } from "./client/full.ts";
import type { Client, ConnectOptions } from "./client/mod.ts";
import { createTelemetry } from "./client/telemetry.ts";
import { systemClock } from "./wire/clock.ts";
import { generate } from "./codec/compiler.ts";
import { memoryDialer, MemoryNetwork, type MessageListener } from "./runtime/memory.ts";
import { createStreamsDeflater } from "./runtime/streams.ts";
import { createZlibDeflater } from "./runtime/node/zlib.ts";
import { createCore, SERVER_OPTION_KINDS } from "./server/server_core.ts";
import type { ServerCore, ServerOptions, ServiceHandler } from "./server/mod.ts";
import type { NoMethods, Service } from "./service/types.ts";
import { ConnectError } from "./wire/errors.ts";
import { checkOptionKinds } from "./wire/option_kinds.ts";

export type { Client, ConnectOptions } from "./client/mod.ts";
export type { MessageListener } from "./runtime/memory.ts";
export type { ServerCore, ServerOptions, ServiceHandler } from "./server/mod.ts";

/** Options of {@linkcode memoryPair}. */
export interface MemoryPairOptions<Methods, State, Auth, ClientMethods = NoMethods> {
  /** As for `serve()`. */
  readonly server?: ServerOptions<Auth> | undefined;
  /** As for `connect()`. */
  readonly client?: ConnectOptions<Methods, State, ClientMethods> | undefined;
  /**
   * Called with each WebSocket message that either side sends, before the other side reads it. One WebSocket
   * message may hold several small messages of the protocol.
   */
  readonly onMessage?: MessageListener | undefined;
}

/** A client and the server it is connected to. */
export interface MemoryPair<Methods, State, Event, ClientMethods = NoMethods>
  extends AsyncDisposable {
  /** The client. */
  readonly client: Client<Methods, State, Event>;
  /** The server. */
  readonly server: ServerCore<Event>;
  /** Connect another client to the same server. The pair closes it, unless it is closed earlier. */
  connect(
    options?: ConnectOptions<Methods, State, ClientMethods>,
  ): Promise<Client<Methods, State, Event>>;
  /**
   * Simulate a network failure: the existing connections carry nothing more, and neither side is notified. Both
   * sides detect it after twice their `idleTimeoutMs`, and clients reconnect.
   */
  freeze(): void;
  /** Close the clients, then the server. Idempotent; `await using` does it. */
  close(): Promise<void>;
}

/**
 * Connect a client to a server in the same process. Everything but the network is as between two
 * machines: the handshake, archives, compression, limits.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { rpc, service, u32 } from "@hardlight/hardlight";
 * import { memoryPair } from "@hardlight/hardlight/memory";
 *
 * const Counter = service({ rpc: { add: rpc({ amount: u32 }) }, state: { counter: u32 } });
 * await using pair = await memoryPair(Counter, ({ state }) => ({
 *   add({ amount }) {
 *     state.counter += amount;
 *   },
 * }));
 * await pair.client.rpc.add({ amount: 2 });
 * assert.equal(pair.client.state.current.counter, 2);
 * ```
 *
 * @param service The service.
 * @param handler Creates the handlers of each connection, or a `rawHandler`.
 * @param options As for `serve()` and `connect()`.
 * @throws {ConnectError} If the server's options refuse the client.
 */
export async function memoryPair<
  Methods,
  State,
  Event,
  Auth = undefined,
  ClientMethods = NoMethods,
>(
  service: Service<Methods, State, Event, ClientMethods>,
  handler: ServiceHandler<Methods, State, Event, Auth, ClientMethods>,
  options: MemoryPairOptions<Methods, State, Auth, ClientMethods> = {},
): Promise<MemoryPair<Methods, State, Event, ClientMethods>> {
  // The same checks as in `serve()` and `connect()`, so that tests match production.
  checkOptionKinds("memoryPair()", options, {
    server: "object",
    client: "object",
    onMessage: "function",
  });
  checkOptionKinds("memoryPair()", options.server ?? {}, SERVER_OPTION_KINDS);
  const deflater = createZlibDeflater() ?? createStreamsDeflater();
  const server = createCore(
    service,
    options.server ?? {},
    handler,
    deflater,
    systemClock,
    generate,
  );
  server.start();
  const network = new MemoryNetwork(systemClock, options.onMessage);
  const dial = memoryDialer(server.acceptor, network);
  let isClosed = false;
  const clients = new Set<Client<Methods, State, Event>>();
  const connect = async (
    clientOptions: ConnectOptions<Methods, State, ClientMethods> = {},
  ): Promise<Client<Methods, State, Event>> => {
    if (isClosed) throw new ConnectError("Unreachable", "Cannot connect: the pair is closed");
    const client = await connectWith(service, "ws://memory/", clientOptions, {
      dial,
      deflater,
      codec: generate,
      telemetry: createTelemetry(service.name, clientOptions.onTrace),
    });
    clients.add(client);
    client.onStatus(({ state }) => {
      if (state === "closed") clients.delete(client);
    });
    return client;
  };
  const close = async (): Promise<void> => {
    isClosed = true;
    await Promise.all(Array.from(clients, (each) => each.close()));
    await server.close();
  };
  const client = await connect(options.client).catch(async (error) => {
    await server.close();
    throw error;
  });
  return {
    client,
    server,
    connect,
    freeze: () => network.freeze(),
    close,
    [Symbol.asyncDispose]: close,
  };
}
