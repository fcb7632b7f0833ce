/**
 * Sends every connection's events to every page.
 *
 * @module
 */
import { Topic } from "../../mod.ts";
import type { HandlerOf } from "../../server.ts";
import { counter } from "./handler.ts";
import type { Counter } from "./service.ts";

/** The topic on which each event is emitted again. */
export const LOBBY: Topic = Topic.from("lobby");

/** The result of `authorize`. */
export interface Visitor {
  /** Whether to receive the events of other counters. */
  readonly inLobby: boolean;
}

/** Clients that connect to `/?lobby` are in the lobby. */
export function visitor(request: Request): Visitor {
  return { inLobby: new URL(request.url).searchParams.has("lobby") };
}

/** The counter, with a lobby. */
export const counterWithLobby: HandlerOf<typeof Counter, Visitor> = (context) => {
  const { auth, events, subscriptions } = context;
  if (auth.inLobby) subscriptions.add(LOBBY);
  return counter({
    ...context,
    auth: undefined,
    events: {
      emit(topic, event) {
        events.emit(topic, event);
        events.emit(LOBBY, event);
      },
      emitRaw: (topic, payload) => events.emitRaw(topic, payload),
    },
  });
};
