/**
 * {@linkcode Client}, as its user sees it.
 *
 * @module
 */
import type { CallsOf, EventOf, MethodsOf, StateOf } from "../service/types.ts";
import type { EventsOptions, EventStream } from "./events.ts";
import type { ClientState } from "./state_mirror.ts";
import type { ClientStats } from "./stats.ts";
import type { ClientStatus } from "./status.ts";

/**
 * A client of a service.
 *
 * @typeParam Methods The service's functions.
 * @typeParam State The connection state.
 * @typeParam Event The event type.
 */
export interface Client<Methods, State, Event> extends AsyncDisposable {
  /** One function a method: `(args, { timeoutMs, signal })`, which rejects with {@linkcode RpcError}. */
  readonly rpc: CallsOf<Methods>;
  /** The connection state, as the server last sent it. */
  readonly state: ClientState<State>;
  /** Whether calls can be made now. Another object after every change. */
  readonly status: ClientStatus;
  /** Be called after each change of {@linkcode Client.status}; returns how to stop. Needs no `this`. */
  readonly onStatus: (listener: (status: ClientStatus) => void) => () => void;
  /** Counters and gauges, as they are now. */
  stats(): ClientStats;
  /** Collect events from now on. */
  events(options?: EventsOptions): EventStream<Event>;
  /**
   * Close for good: calls in flight fail with `ConnectionLost`, iterations end. Resolves when the
   * transport has ended. Idempotent.
   */
  close(): Promise<void>;
}

/** The {@linkcode Client} of a service: `ClientOf<typeof Counter>`. */
export type ClientOf<S> = Client<MethodsOf<S>, StateOf<S>, EventOf<S>>;
