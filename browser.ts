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
import { createClient } from "./client/client.ts";
import type { Client, ConnectOptions, PerAttempt } from "./client/mod.ts";
import { startPageCalls } from "./client/page_calls.ts";
import type { PageParts } from "./client/parts.ts";
import { interpret, readArchive, writeArchive } from "./codec/archive.ts";
import { dial, onAbort, whenVisible } from "./runtime/browser.ts";
import { pageTimers, storedFraming } from "./runtime/page.ts";
import type { NoMethods, Service } from "./service/types.ts";
import { DEFAULT_PAGE_LIMITS } from "./wire/page_limits.ts";
import { RPC_HANDLER_ERRORS } from "./wire/errors.ts";
import { badDeflate, tooBig } from "./wire/faults.ts";

export type * from "./client.ts";
export { OverflowError } from "./stream/queue.ts";
export { ConnectError, ProtocolError, RpcError } from "./wire/errors.ts";
export { Topic } from "./wire/topic.ts";

/** What a client is given in a page that asks for nothing else. */
const PARTS: PageParts = {
  answerKit: { readArchive, writeArchive, codes: RPC_HANDLER_ERRORS },
  level: 0,
  limits: DEFAULT_PAGE_LIMITS,
  ...pageTimers,
  codec: interpret,
  dial,
  framing: storedFraming,
  onAbort,
  reportBug: (bug) => reportError(bug),
  startCalls: startPageCalls,
  whenVisible,
};

/**
 * Connect to a service, and stay connected, by the standard `WebSocket`.
 *
 * `tls` and `headers` are not to be given: whom to trust and what to send is the browser's decision.
 * `level` is 0 unless it is given: what inflates is larger than what it saves in most pages, and is
 * loaded only for another level. What watches calls is loaded only if there is an `onTrace` or an
 * OpenTelemetry API, and what checks other options only if there are any.
 *
 * @param service The service, as the server declares it.
 * @param url Where: `wss:`, `ws:`, `https:` or `http:`, or a function that is asked before every attempt.
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
  const { onConnect: _c, onError: _e, reconnect: _r, signal: _s, ...asked } = options;
  const isPlain = Object.values(asked).every((value) => value === undefined) &&
    service.clientMethods.length === 0 && !(Symbol.for("opentelemetry.js.api.1") in globalThis);
  const parts = isPlain ? PARTS : await (await import("./client/extras.ts")).partsWithExtras(
    service,
    options as ConnectOptions<never, never, never>,
    PARTS,
    async (level) =>
      new (await import("./runtime/deflating.ts")).DeflatingFraming(
        level,
        storedFraming,
        badDeflate,
        tooBig,
      ),
  );
  return await createClient(service, url, options, parts).connect();
}
