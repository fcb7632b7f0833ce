/**
 * Connect to a service from a page: `connect()` of `./client` without the parts for other runtimes. It
 * imports no `node:` module, so it works with any bundler, or without one.
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
// From the leaves up: what is alike is then closer in a bundle, which gzip takes with 50 bytes less.
import { ConnectError, RPC_HANDLER_ERRORS } from "./wire/errors.ts";
import { badDeflate, checkSize, tooBig } from "./wire/faults.ts";
export { Topic } from "./wire/topic.ts";
import { page, storedFraming } from "./runtime/browser.ts";
import type { NoMethods, Service } from "./service/types.ts";
import type { Client, ConnectOptions, PerAttempt } from "./client/mod.ts";
import type { PageParts } from "./client/parts.ts";
import { startPageCalls } from "./client/page_calls.ts";
import { createClient } from "./client/client.ts";
import { appendArchive, interpret, readArchive } from "./codec/archive.ts";
import { DEFAULT_PAGE_LIMITS } from "./wire/page_limits.ts";

export type * from "./client.ts";
export { OverflowError } from "./stream/queue.ts";
export { ConnectError, ProtocolError, RpcError } from "./wire/errors.ts";

/** The parts of a client in a page that sets no further options. */
const PARTS: PageParts = {
  level: 0,
  limits: DEFAULT_PAGE_LIMITS,
  ...page,
  codec: interpret,
  framing: storedFraming,
  startCalls: startPageCalls,
};

/**
 * Connect to a service, and stay connected, with the standard `WebSocket`.
 *
 * `tls` and `headers` are not supported: the browser decides which certificates it trusts and which headers
 * it sends. `level` is 0 by default: in most pages the code that inflates is larger than the bytes it saves.
 * That code is loaded only for other levels, the code that traces calls only with `onTrace` or an
 * OpenTelemetry API, and the code that checks other options only if there are any.
 *
 * @param service The service, as the server declares it.
 * @param url The address, `wss:`, `ws:`, `https:` or `http:`, or a function that returns it before every attempt.
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
  // The other options need more code, and so does a missing WebSocket.
  const { onConnect: _, onError: __, reconnect: ___, signal: ____, ...others } = options;
  const isPlain = "WebSocket" in globalThis &&
    !(Symbol.for("opentelemetry.js.api.1") in globalThis) &&
    !service.clientMethods[0] && Object.values(others).every((value) => value === undefined);
  const parts = isPlain ? PARTS : await (await import("./page_extras.ts")).extended(
    service,
    options as ConnectOptions<never, never, never>,
    PARTS,
    [readArchive, appendArchive, RPC_HANDLER_ERRORS, badDeflate, tooBig, checkSize],
    ConnectError,
  );
  return await createClient(service, url, options, parts).connect();
}
