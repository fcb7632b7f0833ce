/**
 * A contender: one library for calls over the network.
 *
 * @module
 */

/** A way to call, as its own documentation sets it up. */
export interface RpcPeer {
  /** Listen on a free port of this process; gives the port. */
  serve(): Promise<number>;
  /** Connect to it. */
  open(port: number): Promise<RpcClient>;
  /** CPU time in microseconds of a server that is a separate program. */
  cpuUs?(): number;
  /** End that program, and wait until it has ended. */
  stop?(): Promise<void>;
}

/** The operations that can be repeated. */
export type Operation =
  /** `add(a, b)`. */
  | "add"
  /** 4 KiB of random bytes, there and back. */
  | "echo"
  /** 4 KiB of JSON as text, there and back. */
  | "say"
  /** {@linkcode RpcClient.hello}. */
  | "hello";

/** The answer of `hello`, as in oRPC's own benchmark. */
export interface Greeting {
  readonly name: string;
  /** Now; a text where the library has no dates. */
  readonly date: number | string | Date;
  readonly input: string;
}

/** A connected client. Features that a library does not have are absent. */
export interface RpcClient {
  /** The sum. */
  add?(a: number, b: number): Promise<number>;
  /** The same bytes. */
  echo?(octets: Uint8Array): Promise<Uint8Array>;
  /** The same text. */
  say?(text: string): Promise<string>;
  /** The method and the input. */
  hello?(text: string): Promise<Greeting>;
  /** Subscribe to every event. */
  listen?(onEvent: () => void): Promise<void>;
  /** A call whose handler emits one event, {@linkcode EVENT}, to all subscribers. */
  emit?(): Promise<unknown>;
  /** Keep this many in flight; absent where loops with `await` do it. Returns their number. */
  flood?(what: Operation, inFlight: number, durationMs: number): Promise<number>;
  /** Close the connection. */
  close(): unknown;
}

/** What a server exposes, as a client calls it, where functions and bytes can be arguments. */
export interface Api {
  add(a: number, b: number): Promise<number>;
  echo(octets: Uint8Array): Promise<Uint8Array>;
  say(text: string): Promise<string>;
  hello(text: string): Promise<Greeting>;
  listen(onEvent: () => void): Promise<void>;
  emit(): Promise<unknown>;
}

/** The address that all listen on. */
export const HOST = "127.0.0.1";
/** The payload of an event. */
export const EVENT = "an event of 40 characters to all of them";

/** The greeting. */
export function greet(input: string): { name: string; date: Date; input: string } {
  return { name: "nested/procedure_1", date: new Date(), input };
}
