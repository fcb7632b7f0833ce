/**
 * The types of a service, and those derived from it.
 *
 * All are flat mapped types: a service of 200 methods costs the compiler 200 small lookups.
 *
 * @module
 */
import type { Arm, Schema, Sum } from "../codec/schema.ts";
import type { ItemStream, StreamSource } from "../stream/types.ts";
import type { Fingerprint } from "../wire/handshake.ts";
import type { StartStreaming } from "../stream/caller.ts";

/**
 * Marks a stream of items in an interface of functions: as the output, or as one property of the argument. It
 * exists only as a type. See {@linkcode CallsOf} and {@linkcode HandlersOf}.
 */
export interface Stream<T> {
  /** Only a type: the items. */
  readonly "~items": T;
}

/**
 * A stream of items, made by `stream()`. It is not a type of values: only an argument or the output
 * of a method can be one.
 */
export interface StreamSpec<T> {
  /** Tells it from schemas. */
  readonly kind: "stream";
  /** How one item is archived. */
  readonly item: Schema<T>;
  /**
   * What is different in a method that has streams. Referenced by them, so that pages without streams don't load it.
   *
   * @internal
   */
  readonly inMethod: (
    args: Readonly<Record<string, unknown>>,
    output: unknown,
  ) => Pick<MethodInfo, "input" | "items" | "startCall"> & Partial<Pick<MethodInfo, "output">>;
}

/** The argument of a method that is a stream. */
export interface InputStream extends StreamSpec<unknown> {
  /** Its name. */
  readonly name: string;
}

/** One method of a service. */
export interface MethodInfo {
  /** Its name. */
  readonly name: string;
  /** How a call of it is archived; the value is the arguments alone, but for one that is a stream. */
  readonly call: Arm;
  /** How its output is archived; `()` if that is a stream. */
  readonly output: Schema<unknown>;
  /** The argument that is a stream, if there is one. */
  readonly input?: InputStream | undefined;
  /** The output, if it is a stream. */
  readonly items?: (StreamSpec<unknown> & Schema<unknown>) | undefined;
  /** Calls it, if either is a stream. */
  readonly startCall?: StartStreaming | undefined;
}

/** The interface of functions of a side that has none. */
export type NoMethods = Record<never, never>;

/** One field of the connection state. Its place among them is what travels on the wire. */
export type StateField = readonly [name: string, schema: Schema<unknown>];

/**
 * A service: the contract between both sides.
 *
 * Generic over an interface of plain functions, so that its type can be written out where inference is not
 * wanted: `export const Counter: Service<CounterMethods, CounterState, CounterEvent> = service({…})`.
 * A difference between the two is a compile error.
 *
 * @typeParam Methods An interface of functions of no argument or of one object.
 * @typeParam State An interface of the connection state's fields.
 * @typeParam Event The event type; `never` if there are none.
 * @typeParam ClientMethods An interface of functions that the server calls on its client.
 */
export interface Service<Methods, State, Event, ClientMethods = NoMethods> {
  /** What it is called in messages for people. */
  readonly name: string;
  /**
   * The declaration, for checkService().
   *
   * @internal
   */
  readonly definition: {
    readonly rpc: unknown;
    readonly client?: unknown;
    readonly state?: unknown;
    readonly event?: unknown;
  };
  /**
   * The methods in declaration order.
   *
   * @internal
   */
  readonly methods: readonly MethodInfo[];
  /**
   * The enum of all calls. Rust: `RpcCall`.
   *
   * @internal
   */
  readonly calls: Sum;
  /**
   * The methods of the client in declaration order.
   *
   * @internal
   */
  readonly clientMethods: readonly MethodInfo[];
  /**
   * The fields of the connection state in declaration order.
   *
   * @internal
   */
  readonly state: readonly StateField[];
  /** The event type, if there is one. */
  readonly event: Schema<Event> | undefined;
  /**
   * The fingerprints, which the peer compares with its own.
   *
   * @internal
   */
  readonly fingerprint: Fingerprint;
  /** Only a type: what the functions are. */
  readonly "~functions"?: Methods;
  /**
   * Exists only as a type: makes different services incompatible. Arguments and output are written out because
   * methods of an interface compare loosely, and inline because aliases compare by their type arguments.
   */
  readonly "~methods"?: (
    methods: {
      readonly [K in keyof Methods]: Methods[K] extends (...args: infer A) => infer R
        ? readonly [A, R]
        : never;
    },
  ) => {
    readonly [K in keyof Methods]: Methods[K] extends (...args: infer A) => infer R
      ? readonly [A, R]
      : never;
  };
  /** Only a type: what the client's functions are. */
  readonly "~client"?: ClientMethods;
  /** Only a type: makes two services that differ incompatible. */
  readonly "~clientMethods"?: (
    methods: {
      readonly [K in keyof ClientMethods]: ClientMethods[K] extends (...args: infer A) => infer R
        ? readonly [A, R]
        : never;
    },
  ) => {
    readonly [K in keyof ClientMethods]: ClientMethods[K] extends (...args: infer A) => infer R
      ? readonly [A, R]
      : never;
  };
  /** Only a type: makes two services that differ incompatible. */
  readonly "~state"?: (state: State, event: Event) => [State, Event];
}

/**
 * A service as declared. It is a separate type, so that TypeScript compares it part by part with a
 * {@linkcode Service} that is written out.
 */
export interface DeclaredService<Methods, State, Event, ClientMethods = NoMethods>
  extends Service<Methods, State, Event, ClientMethods> {}

/** The interface of functions of a service. */
export type MethodsOf<S> = S extends Service<infer M, infer _S, infer _E, infer _C> ? M : never;
/** The connection state of a service. */
export type StateOf<S> = S extends Service<infer _M, infer T, infer _E, infer _C> ? T : never;
/** The event type of a service. */
export type EventOf<S> = S extends Service<infer _M, infer _S, infer E, infer _C> ? E : never;
/** The interface of functions that the server of a service calls on its client. */
export type ClientMethodsOf<S> = S extends Service<infer _M, infer _S, infer _E, infer C> ? C
  : never;

/** The context of a call, for its handler. */
export interface CallContext {
  /**
   * Aborts when the call's result is no longer needed: the caller cancelled it or left the stream, its deadline
   * has passed, or the connection has ended. Peers without the extension (Rust, or an older release) only
   * signal the end of the connection.
   */
  readonly signal: AbortSignal;
}

/** What a caller passes for an argument of this type. */
export type Given<Argument> = {
  [K in keyof Argument]: Argument[K] extends Stream<infer T> ? StreamSource<T> : Argument[K];
};

/** What a handler receives for an argument of this type. */
export type Received<Argument> = {
  [K in keyof Argument]: Argument[K] extends Stream<infer T> ? ItemStream<T> : Argument[K];
};

/**
 * The handler of an interface of functions: the same functions, which may also return promises. A function
 * without arguments receives an empty object. A streaming method returns any iterable, such as an async
 * generator.
 */
export type HandlersOf<Methods> = {
  readonly [K in keyof Methods]: Methods[K] extends (...args: infer A) => infer R ? (
      args: A extends readonly [] ? NoArgs : Received<A[0]>,
      context: CallContext,
    ) => HandlerOutput<R>
    : never;
};

/** What a handler may return for an output of this type. */
export type HandlerOutput<Output> = [Output] extends [void] ? void
  : [Output] extends [Stream<infer T>] ? StreamSource<T> | PromiseLike<StreamSource<T>>
  : Output | PromiseLike<Output>;

/** What a server's handler provides for a service. */
export type Handlers<S> = HandlersOf<MethodsOf<S>>;

/** How one call is made. */
export interface CallOptions {
  /**
   * Milliseconds to wait for the answer, or for the whole stream. Default: the limit `callTimeoutMs`; none for
   * a streaming method.
   */
  readonly timeoutMs?: number | undefined;
  /** Stop waiting when this aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** Stands in for the arguments of a method that takes none. */
export type NoArgs = Record<string, never>;

/** A client's functions for an interface of methods. A stream is passed as any iterable, and read item by item. */
export type CallsOf<Methods> = {
  readonly [K in keyof Methods]: Methods[K] extends (...args: infer A) => infer R
    ? A extends readonly [] ? (args?: NoArgs, options?: CallOptions) => CallOutput<R>
    : (args: Given<A[0]>, options?: CallOptions) => CallOutput<R>
    : never;
};

/** What a call of this output returns. */
export type CallOutput<Output> = [Output] extends [Stream<infer T>] ? ItemStream<T>
  : Promise<Output>;

/** What a client calls for a service. */
export type Calls<S> = CallsOf<MethodsOf<S>>;
