/**
 * The counter's service, shared by server and client.
 *
 * The order of methods, state fields and variants is wire format: append only.
 *
 * @module
 */
import { type Infer, rpc, service, topic, u32, variants } from "../../mod.ts";

/** The events for subscribers of a counter. */
export const CounterEvent = variants({
  /** Emitted when the counter is incremented. */
  incremented: { to: u32, from: u32 },
  /** Emitted when the counter is decremented. */
  decremented: { to: u32, from: u32 },
  /** Emitted by the server's own code when a topic appears. */
  serverSentTest: null,
});
/** A value of {@linkcode CounterEvent}. */
export type CounterEvent = Infer<typeof CounterEvent>;

/** The service. */
export const Counter = service({
  name: "Counter",
  rpc: {
    /** Make a new counter and subscribe the client to it. */
    newCounter: rpc(),
    /** Add to it. */
    increment: rpc({ amount: u32 }),
    /** Subtract from it; it stops at 0. */
    decrement: rpc({ amount: u32 }),
    /** Its value. */
    get: rpc({}, u32),
  },
  state: { counter: u32, topic },
  event: CounterEvent,
});
