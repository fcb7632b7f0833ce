/**
 * What a handler is given, and what it gives.
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

/** What a handler can do with its connection. */
export interface ConnectionControl {
  /**
   * Send what has changed in the state outside a call. Inside a call this happens by itself, before
   * the answer.
   *
   * @throws {CodecError} If a field is newly found not to encode; once the others have been sent.
   */
  sync(): void;
  /**
   * End the connection, once what was answered before is sent: by handlers that had returned, or whose
   * promise had settled. Other calls are cut, that of the handler which calls this as well. At most 123
   * bytes of the reason are sent.
   *
   * @throws {RangeError} If the code is neither 1000 nor from 3000 to 4999.
   */
  close(code?: number, reason?: string): void;
}

/** What a handler is given for one connection. */
export interface Context<State, Event, Auth, ClientMethods = NoMethods> {
  /**
   * The connection state: what changed in it reaches the client before the call's answer does.
   * Assigning a number, text or other value that is no object throws `CodecError` if it does not fit.
   */
  readonly state: State;
  /** The topics whose events the client gets. */
  readonly subscriptions: Subscriptions;
  /** Sends events to whoever is subscribed, on any connection. */
  readonly events: EventEmitter<Event>;
  /** Where the client is. */
  readonly peer: PeerInfo;
  /** What `authorize` answered; `undefined` without it. */
  readonly auth: Auth;
  /** Aborts when the connection has ended. */
  readonly signal: AbortSignal;
  /** What can be done with the connection. */
  readonly connection: ConnectionControl;
  /**
   * Calls the client: the methods that the service declares as `client`. A call rejects with `RpcError`, by
   * `DeadlineExceeded` after `callTimeoutMs` unless it says otherwise; `ConnectionLost` when the connection
   * ends; `StreamsUnsupported` at once if the client (Rust, or an older release) cannot be called; at most
   * 256 are under way.
   */
  readonly client: CallsOf<ClientMethods>;
}

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
  /** What its client is called by. */
  readonly client: object;
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
    get client(): CallsOf<NoMethods> {
      return owner.client as CallsOf<NoMethods>;
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

/** Makes the handlers of one connection; called when it opens. */
export type HandlerFactory<Methods, State, Event, Auth, ClientMethods = NoMethods> = (
  context: Context<State, Event, Auth, ClientMethods>,
) => HandlersOf<Methods>;

/** The {@linkcode HandlerFactory} of a service, for one that is written on its own: `HandlerOf<typeof Counter>`. */
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

/** Whether it is a {@linkcode RawHandler}, of this copy of the module or of another. */
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
 * A handler that is given each call as bytes, and answers with bytes, in place of a typed one. It streams
 * nothing: what else a client sends of a call is passed over.
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

/** Where an error came from. */
export interface ErrorContext {
  /** What was under way: `"increment"`, `"call"` that names no method, `"state"`, `"handler"`, `"authorize"`, `"event"`, `"transport"` (a connection that is not taken, too), `"protocol"`, `"broker"`, `"fallback"` or `"origin"`. */
  readonly where: string;
  /** Whose connection it was. */
  readonly peer: PeerInfo;
  /** The name of the service. */
  readonly service: string;
  /** The method that was called; absent where none was, or where the call names none. */
  readonly method?: string | undefined;
  /** The number of the connection on its server; absent before there is one. */
  readonly connection?: number | undefined;
  /**
   * Failed calls of the connection before this one that were not told. Of its handlers' failures 64 at
   * once are, then 16 a second; of calls that did not decode the 1st, 2nd, 4th, 8th …, and anew after a
   * quiet minute. Absent where there were none.
   */
  readonly untold?: number | undefined;
}

/** Is told of errors that peers are not told of. What it throws or rejects with is lost. */
export type ErrorListener = (error: unknown, context: ErrorContext) => void;
