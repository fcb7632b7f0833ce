/**
 * {@linkcode service} and {@linkcode rpc}: a service is declared once, for both sides.
 *
 * @module
 */
import { unit } from "../codec/scalars.ts";
import type { Fields } from "../codec/fields.ts";
import { type AnySchema, type Infer, once, type Schema } from "../codec/schema.ts";
import { taggedSum } from "../codec/variants.ts";
import { fingerprintOf } from "./fingerprint.ts";
import type { DeclaredService, MethodInfo } from "./types.ts";

/** One method, as {@linkcode rpc} describes it. */
export interface Method<Call> {
  /** Its arguments, in declaration order. */
  readonly args: Fields;
  /** Its output. */
  readonly output: Schema<unknown>;
  /** Only a type: the function it is. */
  readonly "~call"?: Call;
}

/** The function type of a method with these arguments and this output. */
export type Call<Args, Output> = keyof Args extends never ? () => Output
  : (args: { -readonly [K in keyof Args]: Infer<Args[K]> }) => Output;

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
 * @param output What it answers; nothing if absent.
 */
export function rpc<const Args extends Fields, Output>(
  args: Args,
  output: Schema<Output>,
): Method<Call<Args, Output>>;
export function rpc(...given: [args?: Fields, output?: Schema<unknown>]): Method<unknown> {
  const [args = {}, output] = given;
  // An output that is undefined is a mistake, which is told with the method's name.
  return { args, output: given.length < 2 ? unit : output as Schema<unknown> };
}

/** What {@linkcode service} is given. */
export interface ServiceDefinition<Methods, State, Event> {
  /** Methods by name. Their order is wire format: append only. */
  readonly rpc: Methods;
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
 * Whether names can be used and the state has defaults is checked where the service is: by `serve`, `handler`,
 * `memoryPair`, `connect` (not in pages) and `wireSnapshot`.
 */
export function service<
  const Methods extends Readonly<Record<string, Method<unknown>>>,
  // deno-lint-ignore ban-types
  const State extends Fields = {},
  Event = never,
>(
  definition: ServiceDefinition<Methods, State, Event>,
): DeclaredService<
  { -readonly [K in keyof Methods]: Methods[K] extends Method<infer F> ? F : never },
  { -readonly [K in keyof State]: Infer<State[K]> },
  Event
> {
  // What is missing is told where the service is checked.
  const { name = "service", rpc, state = {}, event } = definition ?? {};
  const entries = Object.entries(rpc ?? {});
  const calls = taggedSum(
    Object.fromEntries(entries.map(([name, method]) => [name, method?.args])),
  );
  const methods = entries.map(([name, method], index): MethodInfo => ({
    index,
    name,
    call: calls.arms[index]!,
    output: method?.output,
    hasOutput: method?.output !== unit,
  }));
  const parts = {
    methods,
    calls,
    state: Object.entries<AnySchema>(state).map(([name, schema], index) => ({
      index,
      name,
      schema,
    })),
    event,
  };
  const fingerprint = once(() => fingerprintOf(parts));
  return {
    name,
    definition,
    ...parts,
    get fingerprint() {
      return fingerprint();
    },
  };
}
