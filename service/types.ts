/**
 * The types that a service is made of, and those derived from it.
 *
 * All are flat mapped types: a service of 200 methods costs 200 small lookups.
 *
 * @module
 */
import type { Schema, Sum } from "../codec/schema.ts";
import type { Fingerprint } from "../wire/handshake.ts";

/** One method of a service. */
export interface MethodInfo {
  /** Its place, which is its tag on the wire. */
  readonly index: number;
  /** Its name. */
  readonly name: string;
  /** How a call of it is archived; the value is the arguments alone. */
  readonly call: Schema<unknown>;
  /** How its output is archived. */
  readonly output: Schema<unknown>;
  /** Whether it has an output: `()` is none. */
  readonly hasOutput: boolean;
}

/** One field of the connection state. */
export interface StateField {
  /** Its place: what travels on the wire. */
  readonly index: number;
  /** Its name. */
  readonly name: string;
  /** How it is archived. */
  readonly schema: Schema<unknown>;
}

/**
 * A service: what both sides have to agree on.
 *
 * Generic over an interface of plain functions, so that it can be written out where inference is not
 * wanted: `export const Counter: Service<CounterMethods, CounterState, CounterEvent> = service({…})`.
 * If the two drift apart, that is a compile error.
 *
 * @typeParam Methods An interface of functions of no argument or of one object.
 * @typeParam State An interface of the connection state's fields.
 * @typeParam Event The event type; `never` if there are none.
 */
export interface Service<Methods, State, Event> {
  /** What it is called in messages for people. */
  readonly name: string;
  /**
   * What it was made of, for who checks that.
   *
   * @internal
   */
  readonly definition: {
    readonly rpc: unknown;
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
   * The fields of the connection state in declaration order.
   *
   * @internal
   */
  readonly state: readonly StateField[];
  /** The event type, if there is one. */
  readonly event: Schema<Event> | undefined;
  /**
   * What a peer compares with its own.
   *
   * @internal
   */
  readonly fingerprint: Fingerprint;
  /** Only a type: what the functions are. */
  readonly "~functions"?: Methods;
  /**
   * Only a type: makes two services that differ incompatible. Spelt out by arguments and output, since
   * methods of an interface compare loosely, and in place, since aliases are compared by what they are of.
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
  /** Only a type: makes two services that differ incompatible. */
  readonly "~state"?: (state: State, event: Event) => [State, Event];
}

/**
 * A service as it was declared. A type of its own, so that it is compared with a {@linkcode Service} that is
 * written out part by part.
 */
export interface DeclaredService<Methods, State, Event> extends Service<Methods, State, Event> {}

/** The interface of functions of a service. */
export type MethodsOf<S> = S extends Service<infer M, infer _S, infer _E> ? M : never;
/** The connection state of a service. */
export type StateOf<S> = S extends Service<infer _M, infer T, infer _E> ? T : never;
/** The event type of a service. */
export type EventOf<S> = S extends Service<infer _M, infer _S, infer E> ? E : never;

/**
 * What a server's handler provides for an interface of functions: the same functions, which may
 * also answer later.
 */
export type HandlersOf<Methods> = {
  readonly [K in keyof Methods]: Methods[K] extends (...args: infer A) => infer R
    ? [R] extends [void] ? (...args: A) => void : (...args: A) => R | PromiseLike<R>
    : never;
};

/** What a server's handler provides for a service. */
export type Handlers<S> = HandlersOf<MethodsOf<S>>;

/** How one call is made. */
export interface CallOptions {
  /** Milliseconds to wait for the answer. The server is not told when they are over. */
  readonly timeoutMs?: number | undefined;
  /** Stop waiting when this aborts. The server is not told. */
  readonly signal?: AbortSignal | undefined;
}

/** Stands in for the arguments of a method that takes none. */
export type NoArgs = Record<string, never>;

/** What a client calls for an interface of functions. */
export type CallsOf<Methods> = {
  readonly [K in keyof Methods]: Methods[K] extends (...args: infer A) => infer R
    ? A extends readonly [] ? (args?: NoArgs, options?: CallOptions) => Promise<R>
    : (args: A[0], options?: CallOptions) => Promise<R>
    : never;
};

/** What a client calls for a service. */
export type Calls<S> = CallsOf<MethodsOf<S>>;
