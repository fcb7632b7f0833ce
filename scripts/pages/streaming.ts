/**
 * The counter's service with one method that streams to the page: what streams add to a page's first load.
 *
 * @module
 */
import { rpc, service, stream, topic, u32 } from "../../mod.ts";
import { CounterEvent } from "../../examples/counter/service.ts";

/** The counter, and its values as they come. */
export const Watched = service({
  name: "Counter",
  rpc: {
    newCounter: rpc(),
    increment: rpc({ amount: u32 }),
    decrement: rpc({ amount: u32 }),
    get: rpc({}, u32),
    /** Its value, now and whenever it changes. */
    watch: rpc({}, stream(u32)),
  },
  state: { counter: u32, topic },
  event: CounterEvent,
});
