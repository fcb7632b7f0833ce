/**
 * Lets everyone who looks at the page see everyone's events.
 *
 * @module
 */
import { Topic } from "../../mod.ts";
import type { HandlerOf } from "../../server.ts";
import { counter } from "./handler.ts";
import type { Counter } from "./service.ts";

/** Where each event is emitted once more. */
export const LOBBY: Topic = Topic.from("lobby");

/** What `authorize` finds out of a request. */
export interface Visitor {
  /** Whether to hear of other people's counters. */
  readonly inLobby: boolean;
}

/** Those who connect to `/?lobby` are in it. */
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
