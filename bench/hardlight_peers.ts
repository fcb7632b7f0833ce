/**
 * hardlight's client on the counter.
 *
 * @module
 */
import { type ClientOf, connect } from "../client.ts";
import { Counter } from "../examples/counter/service.ts";
import { floodWith, type Peer } from "./peer.ts";
import type { Address } from "./server_process.ts";

/** The kinds of round trips. */
export type Operation =
  /** A call that changes the state: two messages come back. */
  | "increment"
  /** A call that only answers. */
  | "get"
  /** `increment` on a topic that this client is subscribed to, until the event has arrived too. */
  | "event";

const ONE = { amount: 1 };

/** Connect, and make `operation` the round trip. */
export async function openHardlight(
  { url }: Address,
  operation: Operation,
  level?: number,
): Promise<Peer> {
  const client = await connect(Counter, url, { tls: "self-signed", level });
  const call = await operationOf(client, operation);
  return {
    call,
    flood: (inFlight, durationMs) => floodWith(call, inFlight, durationMs),
    close: () => client.close(),
  };
}

/** Make `operation` the round trip of a client. */
export async function operationOf(
  client: ClientOf<typeof Counter>,
  operation: Operation,
): Promise<() => Promise<unknown>> {
  const { rpc } = client;
  if (operation === "get") return () => rpc.get();
  if (operation === "increment") return () => rpc.increment(ONE);
  const events = client.events();
  await rpc.newCounter();
  return async () => {
    const event = events.next();
    await rpc.increment(ONE);
    await event;
  };
}
