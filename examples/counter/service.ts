/**
 * The counter: what both sides agree on.
 *
 * The order of methods, state fields and variants is wire format: append only.
 *
 * @module
 */
import { type Infer, rpc, service, topic, u32, variants } from "../../mod.ts";

/** What subscribers of a counter are told. */
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
    /** Subtract from it; it goes down to 0 and no further. */
    decrement: rpc({ amount: u32 }),
    /** What it stands at. */
    get: rpc({}, u32),
  },
  state: { counter: u32, topic },
  event: CounterEvent,
});
