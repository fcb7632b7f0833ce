/**
 * The types of handlers and their contexts.
 *
 * @module
 */
import type {
  CallContext,
  CallsOf,
  ClientMethodsOf,
  EventOf,
  HandlersOf,
  MethodsOf,
  NoMethods,
  StateOf,
} from "../service/types.ts";
import { checkCloseCode, CloseCode } from "../wire/close.ts";
import type { PeerInfo } from "../wire/transport.ts";
import type { EventEmitter } from "./event_switch.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** Controls a handler's connection. */
export interface ConnectionControl {
  /**
   * Send state changes outside a call. Inside a call this happens automatically, before the answer.
   *
   * @throws {CodecError} After the other fields were sent, if a field newly fails to encode.
   */
  sync(): void;
  /**
   * End the connection after sending the answers of handlers that have returned, or whose promise has settled,
   * before this call. Other calls are cut, including that of the handler that calls this. At most 123 bytes of
   * the reason are sent.
   *
   * @throws {RangeError} If the code is neither 1000 nor from 3000 to 4999.
   */
  close(code?: number, reason?: string): void;
}

/** A handler's context for one connection. */
export interface Context<State, Event, Auth, ClientMethods = NoMethods> {
  /**
   * The connection state. Changes reach the client before the call's answer. Assigning an invalid primitive value
   * throws `CodecError`.
   */
  readonly state: State;
  /** The topics to which the client is subscribed. */
  readonly subscriptions: Subscriptions;
  /** Sends events to the subscribers of a topic, on all connections. */
  readonly events: EventEmitter<Event>;
  /** The client's address. */
  readonly peer: PeerInfo;
  /** The result of `authorize`; `undefined` without it. */
  readonly auth: Auth;
  /** Aborts when the connection has ended. */
  readonly signal: AbortSignal;
  /** Controls the connection. */
  readonly connection: ConnectionControl;
  /**
   * Calls the client: the methods that the service declares as `client`. A call rejects with an `RpcError`:
   * `DeadlineExceeded` after `callTimeoutMs`, or the call's own deadline; `ConnectionLost` when the connection
   * ends; `StreamsUnsupported` at once if the client (Rust, or an older release) cannot be called. At most 256
   * calls are in flight.
   */
  readonly client: CallsOf<ClientMethods>;
}

/** A connection, as its handler's context shows it. */
export interface ContextOwner extends
  Pick<
    Context<unknown, unknown, unknown>,
    "subscriptions" | "peer" | "signal" | "client"
  > {
  readonly host: { readonly events: EventEmitter<unknown> };
  /** Send state changes. */
  flush(): void;
  /** End it. */
  close(code: number, reason: string): void;
}

/**
 * Create the context of a connection. Rarely used parts are created on first use. Only the handler refers to the
 * context, and seldom keeps it.
 */
export function createContext(
  owner: ContextOwner,
  state: unknown,
  auth: unknown,
): Context<unknown, unknown, unknown> {
  let control: ConnectionControl | undefined;
  return {
    state,
    subscriptions: owner.subscriptions,
    events: owner.host.events,
    peer: owner.peer,
    auth,
    get signal(): AbortSignal {
      return owner.signal;
    },
    get client(): CallsOf<NoMethods> {
      return owner.client;
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

/** Creates the handlers of one connection; called when it opens. */
export type HandlerFactory<Methods, State, Event, Auth, ClientMethods = NoMethods> = (
  context: Context<State, Event, Auth, ClientMethods>,
) => HandlersOf<Methods>;

/** The {@linkcode HandlerFactory} of a service, to type one that stands alone: `HandlerOf<typeof Counter>`. */
export type HandlerOf<S, Auth = undefined> = HandlerFactory<
  MethodsOf<S>,
  StateOf<S>,
  EventOf<S>,
  Auth,
  ClientMethodsOf<S>
>;

/** Marks the raw handlers of every copy of this module in a process. */
const RAW_HANDLER = Symbol.for("hardlight.RawHandler");

/** A handler of raw calls; see {@linkcode rawHandler}. */
export class RawHandler<State, Event, Auth> {
  static {
    Object.defineProperty(this.prototype, RAW_HANDLER, { value: true });
  }

  /** The function given to {@linkcode rawHandler}. */
  readonly handle: RawHandle<State, Event, Auth>;

  /** See {@linkcode rawHandler}. */
  constructor(handle: RawHandle<State, Event, Auth>) {
    this.handle = handle;
  }
}

/** Whether it is a {@linkcode RawHandler} of any copy of this module. */
export function isRawHandler(value: unknown): value is RawHandler<never, never, never> {
  return typeof value === "object" && value !== null && RAW_HANDLER in value;
}

/** Answers an archived call with an archived output. */
export type RawHandle<State, Event, Auth> = (
  call: Uint8Array<ArrayBuffer>,
  context: Context<State, Event, Auth>,
  callContext: CallContext,
) => Uint8Array | PromiseLike<Uint8Array>;

/**
 * A handler that receives each call as bytes and answers with bytes. It has no streams: items and ends that a
 * client sends for a call are ignored, and what it returns is one answer. Use none with `stream()` methods.
 *
 * Rust: the `no_server_handler` argument of `#[rpc]`.
 */
export function rawHandler<State, Event, Auth>(
  handle: RawHandle<State, Event, Auth>,
): RawHandler<State, Event, Auth> {
  return new RawHandler(handle);
}

/** Either kind of handler. */
export type ServiceHandler<Methods, State, Event, Auth, ClientMethods = NoMethods> =
  | HandlerFactory<Methods, State, Event, Auth, ClientMethods>
  | RawHandler<State, Event, Auth>;
