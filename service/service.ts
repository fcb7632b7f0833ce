/**
 * {@linkcode service} and {@linkcode rpc}: a service is declared once, for both sides.
 *
 * @module
 */
import { defaultOf } from "../codec/default.ts";
import { unit } from "../codec/scalars.ts";
import type { Fields } from "../codec/fields.ts";
import { type Infer, isSchema, type Schema } from "../codec/schema.ts";
import { callVariants } from "../codec/variants.ts";
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
  // `service()` checks, which knows the method's name. An output that is undefined is a mistake.
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
 * @throws {TypeError} If a name cannot be used, or a field of the state has no default.
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
  if (typeof definition?.rpc !== "object" || definition.rpc === null) {
    throw new TypeError("Cannot make a service: expected methods, as in { rpc: { get: rpc() } }");
  }
  const entries = Object.entries(definition.rpc);
  const fields: Fields = definition.state ?? {};
  if (entries.length === 0) throw new TypeError("Cannot make a service: it has no methods");
  checkIdentifiers("method", entries.map(([name]) => name));
  for (const [name, method] of entries) {
    if (!isMethod(method)) throw new TypeError(`Cannot make method ${name}: use rpc()`);
    checkFields(`an argument of method ${name}`, method.args);
    checkSchema(`the output of method ${name}`, method.output);
  }
  checkFields("a field of the state", fields);
  for (const [name, schema] of Object.entries(fields)) checkDefault(name, schema);
  if ("event" in definition) checkSchema("the event", definition.event);
  const calls = callVariants(Object.fromEntries(entries.map(([name, { args }]) => [name, args])));
  const methods = entries.map(([name, { output }], index): MethodInfo => ({
    index,
    name,
    call: calls.arms[index]!,
    output,
    hasOutput: output !== unit,
  }));
  const state = Object.entries(fields).map(([name, schema], index) => ({ index, name, schema }));
  const parts = { methods, calls, state, event: definition.event };
  return { name: definition.name ?? "service", ...parts, fingerprint: fingerprintOf(parts) };
}

function isMethod(value: unknown): value is Method<unknown> {
  return typeof value === "object" && value !== null && "args" in value && "output" in value;
}

function checkDefault(name: string, schema: Schema<unknown>): void {
  try {
    defaultOf(schema);
  } catch (cause) {
    throw new TypeError(
      `Cannot use ${schema.kind} for state field ${name}: it has no default; use withDefault()`,
      { cause },
    );
  }
}

/** `then` would make a client's `rpc` a promise to `await`; the others are not plain properties. */
const IDENTIFIER = /^(?!(?:then|constructor|__proto__|prototype)$)[A-Za-z_$][A-Za-z0-9_$]*$/;

function checkIdentifiers(what: string, names: readonly string[]): void {
  for (const name of names) {
    if (!IDENTIFIER.test(name)) {
      throw new TypeError(`Cannot name ${what} "${name}": it is no identifier, or reserved`);
    }
  }
}

function checkFields(what: string, fields: Fields): void {
  checkIdentifiers(what, Object.keys(fields));
  for (const [name, schema] of Object.entries(fields)) {
    checkSchema(`${what}, ${name}`, schema);
  }
}

function checkSchema(what: string, schema: unknown): void {
  if (isSchema(schema)) return;
  throw new TypeError(
    schema === undefined
      ? `Cannot use ${what}: it is undefined; modules that import each other see that`
      : `Cannot use ${what}: it is no schema`,
  );
}
