/**
 * {@linkcode createContext}: what a handler is given.
 *
 * @module
 */
import { checkCloseCode, CloseCode } from "../wire/close.ts";
import type { PeerInfo } from "../wire/transport.ts";
import type { ConnectionControl, Context } from "./context.ts";
import type { EventEmitter } from "./event_switch.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** A connection, as its context sees it. */
export interface ContextOwner<Event> {
  /** Its topics. */
  readonly subscriptions: Subscriptions;
  /** Where events go. */
  readonly events: EventEmitter<Event>;
  /** Where its peer is. */
  readonly peer: PeerInfo;
  /** Aborts when it has ended. */
  readonly signal: AbortSignal;
  /** Make what the handler reads and assigns the state by. */
  makeStateObject(): object;
  /** Send what has changed in the state. Throws `CodecError` when that is done. */
  flush(): void;
  /** Begin the close. */
  close(code: number, reason: string): void;
}

/**
 * Make the context of a connection. What few handlers use is made when it is asked for, and nothing
 * refers to the context but the handler, which seldom keeps it.
 */
export function createContext<State, Event, Auth>(
  owner: ContextOwner<Event>,
  auth: Auth,
): Context<State, Event, Auth> {
  let control: ConnectionControl | undefined;
  return {
    state: owner.makeStateObject() as State,
    subscriptions: owner.subscriptions,
    events: owner.events,
    peer: owner.peer,
    auth,
    get signal(): AbortSignal {
      return owner.signal;
    },
    get connection(): ConnectionControl {
      return control ??= {
        sync: () => owner.flush(),
        close: (code = CloseCode.Normal, reason = "") => {
          checkCloseCode(code);
          owner.close(code, reason);
        },
      };
    },
  };
}
