/**
 * {@linkcode held}: the resources that a client still holds.
 *
 * @module
 */
import type { Client } from "../../client.ts";

/** Calls in flight, event iterators, state watchers and transports of a client. */
export function held<M, S, E>(client: Client<M, S, E>): number[] {
  const { callsPending, eventIterators, stateWatchers, transports } = client.stats();
  return [callsPending, eventIterators, stateWatchers, transports];
}
