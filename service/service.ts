/**
 * {@linkcode service} and {@linkcode rpc}: declare a service for both sides.
 *
 * @module
 */
import { unit } from "../codec/scalars.ts";
import type { Fields } from "../codec/struct.ts";
import type { AnySchema, Infer, Schema, Sum } from "../codec/schema.ts";
import { taggedSum } from "../codec/sums.ts";
import type { Fingerprint } from "../wire/handshake.ts";
import { fingerprintOf } from "./fingerprint.ts";
import type { DeclaredService, MethodInfo, NoMethods, Stream, StreamSpec } from "./types.ts";

/** Named arguments of which one may be a {@linkcode stream}. */
export type StreamingFields = Readonly<Record<string, Schema<unknown> | StreamSpec<unknown>>>;

/** One method, as {@linkcode rpc} describes it, which may stream. */
export interface StreamingMethod<Call> {
  /** Its arguments, in declaration order. */
  readonly args: StreamingFields;
  /** Its output. */
  readonly output: Schema<unknown> | StreamSpec<unknown>;
  /** Only a type: the function it is. */
  readonly "~call"?: Call;
}

/** One method, as {@linkcode rpc} describes it, which does not stream. */
export interface Method<Call> extends StreamingMethod<Call> {
  /** Its arguments, in declaration order. */
  readonly args: Fields;
  /** Its output. */
  readonly output: Schema<unknown>;
}

/** The function type of a method with these arguments and this output. */
export type Call<Args, Output> = keyof Args extends never ? () => Output
  : (args: { -readonly [K in keyof Args]: Described<Args[K]> }) => Output;

/** The type of an argument or an output. */
export type Described<S> = S extends StreamSpec<infer T> ? Stream<T> : Infer<S>;

/**
 * Describe a method without arguments or output.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { rpc, service, string, u32 } from "@hardlight/hardlight";
 *
 * const Names = service({ rpc: { nameOf: rpc({ id: u32 }, string), forget: rpc() } });
 * assert.deepEqual(Names.name, "service");
 * ```
 */
export function rpc(): Method<() => void>;
/** Describe a method without an output. */
export function rpc<const Args extends Fields>(args: Args): Method<Call<Args, void>>;
/**
 * Describe a method.
 *
 * @param args Its arguments by name. Their order is wire format: append only.
 * @param output The type of its output; no output if absent.
 */
export function rpc<const Args extends Fields, Output>(
  args: Args,
  output: Schema<Output>,
): Method<Call<Args, Output>>;
/** Describe a method that is given a stream, and has no output. */
export function rpc<const Args extends StreamingFields>(
  args: Args,
): StreamingMethod<Call<Args, void>>;
/**
 * Describe a method that streams.
 *
 * @param args Its arguments by name. One of them may be a stream.
 * @param output The type of its output, or a stream.
 */
export function rpc<
  const Args extends StreamingFields,
  const Output extends Schema<unknown> | StreamSpec<unknown>,
>(args: Args, output: Output): StreamingMethod<Call<Args, Described<Output>>>;
export function rpc(
  ...given: [args?: StreamingFields, output?: Schema<unknown> | StreamSpec<unknown>]
): StreamingMethod<unknown> {
  const [args = {}, output] = given;
  // An undefined output is a mistake; checkService() reports it with the method's name.
  return { args, output: given.length < 2 ? unit : output as Schema<unknown> };
}

/** What {@linkcode service} is given. */
export interface ServiceDefinition<Methods, State, Event, ClientMethods = NoMethods> {
  /** Methods by name. Their order is wire format: append only. */
  readonly rpc: Methods;
  /** Methods of the client, which the server calls, by name. Their order is wire format: append only. */
  readonly client?: ClientMethods;
  /** Fields of the connection state by name. Their order is wire format: append only. */
  readonly state?: State;
  /** The event type. */
  readonly event?: Schema<Event>;
  /** What to call it in messages for people. */
  readonly name?: string;
}

/**
 * Declare a service.
 *
 * @example Usage
 * ```ts ignore
 * export const Counter = service({
 *   rpc: { increment: rpc({ amount: u32 }), get: rpc({}, u32) },
 *   state: { counter: u32 },
 * });
 * ```
 *
 * It is validated on use, by `serve`, `handler`, `memoryPair`, `connect` (not in pages) and `wireSnapshot`: unknown
 * parts, methods that are not made by {@linkcode rpc}, names, types, defaults.
 */
export function service<
  const Methods extends Readonly<Record<string, StreamingMethod<unknown>>>,
  // deno-lint-ignore ban-types
  const State extends Fields = {},
  Event = never,
  // deno-lint-ignore ban-types
  const ClientMethods extends Readonly<Record<string, Method<unknown>>> = {},
>(
  definition: ServiceDefinition<Methods, State, Event, ClientMethods>,
): DeclaredService<
  { -readonly [K in keyof Methods]: Methods[K] extends StreamingMethod<infer F> ? F : never },
  { -readonly [K in keyof State]: Infer<State[K]> },
  Event,
  { -readonly [K in keyof ClientMethods]: ClientMethods[K] extends Method<infer F> ? F : never }
> {
  // checkService() reports missing and unknown parts.
  const { name = "service", rpc, client, state, event } = definition ?? {};
  const [methods, calls] = methodsOf(rpc);
  let fingerprint: Fingerprint | undefined;
  return {
    name,
    definition,
    methods,
    calls,
    clientMethods: methodsOf(client)[0],
    state: Object.entries<AnySchema>(state ?? {}),
    event,
    get fingerprint() {
      return fingerprint ??= fingerprintOf(this);
    },
  };
}

/** The methods of one side, and the enum of all calls of them. */
function methodsOf(
  described: Readonly<Record<string, StreamingMethod<unknown>>> | undefined,
): [methods: MethodInfo[], calls: Sum] {
  const entries = Object.entries(described ?? {});
  const calls = taggedSum(
    Object.fromEntries(entries.map(([name, method]) => [name, method?.args as Fields])),
  );
  const methods = entries.map(([name, method], index): MethodInfo => {
    const { args, output } = Object(method) as StreamingMethod<unknown>;
    const described = [output, ...Object.values(args ?? {})] as Partial<StreamSpec<unknown>>[];
    return {
      name,
      call: calls.arms[index]!,
      output: output as AnySchema,
      ...described.find((each) => each?.inMethod)?.inMethod?.(args, output),
    };
  });
  return [methods, calls];
}
