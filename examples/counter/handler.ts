/**
 * The counter's handler of one connection.
 *
 * @module
 */
import { Topic } from "../../mod.ts";
import type { HandlerOf } from "../../server.ts";
import type { Counter } from "./service.ts";

/** The largest `u32`. The counter stops there, and at 0. */
const MAX_COUNT = 2 ** 32 - 1;

/** Creates the handlers of a connection. */
export const counter: HandlerOf<typeof Counter> = ({ state, subscriptions, events }) => {
  return {
    newCounter() {
      subscriptions.remove(state.topic);
      state.topic = Topic.from(crypto.getRandomValues(new Uint8Array(8)));
      state.counter = 0;
      subscriptions.add(state.topic);
    },
    increment({ amount }) {
      const from = state.counter;
      // The client has it before this call's promise resolves.
      state.counter = Math.min(MAX_COUNT, from + amount);
      events.emit(state.topic, { type: "incremented", to: state.counter, from });
    },
    decrement({ amount }) {
      const from = state.counter;
      state.counter = Math.max(0, from - amount);
      events.emit(state.topic, { type: "decremented", to: state.counter, from });
    },
    get: () => state.counter,
  };
};
