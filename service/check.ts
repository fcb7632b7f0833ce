/**
 * {@linkcode checkService}: validates the declaration of a service.
 *
 * Servers call it, and clients outside pages. A page only connects to a server with the same fingerprint,
 * which has validated the same declaration.
 *
 * @module
 */
import { checkSchema } from "../codec/check.ts";
import { defaultOf } from "../codec/default.ts";
import type { Fields } from "../codec/struct.ts";
import type { AnySchema } from "../codec/schema.ts";
import type { StreamingMethod } from "./service.ts";
import { isStream } from "./stream.ts";
import type { Service } from "./types.ts";

type Declared = Pick<Service<unknown, unknown, unknown, unknown>, "definition">;

/** What a service is declared of. */
const PARTS: readonly string[] = ["name", "rpc", "client", "state", "event"];

/** Those that were found right. */
const checked = new WeakSet<object>();

/**
 * Validate the declaration of a service.
 *
 * @throws {TypeError} If a part is unknown or missing, a method is not made by `rpc()`, a name is invalid, a type is not a schema, or
 * a state field has no default.
 */
export function checkService(service: Declared): void {
  if (checked.has(service)) return;
  if (!("definition" in Object(service))) {
    throw new TypeError(
      service === undefined
        ? "Cannot use the service: it is undefined; modules that import each other see that"
        : "Cannot use the service: expected what service() makes",
    );
  }
  const { definition } = service;
  for (const part in definition) {
    if (!PARTS.includes(part)) {
      throw new TypeError(`Cannot use ${part}: expected ${PARTS.join(", ")}`);
    }
  }
  const methods: unknown = definition?.rpc;
  if (typeof methods !== "object" || methods === null) {
    throw new TypeError("Cannot make a service: expected methods, as in { rpc: { get: rpc() } }");
  }
  if (Object.keys(methods).length === 0) {
    throw new TypeError("Cannot make a service: it has no methods");
  }
  checkMethods("method", methods, 1);
  const { client: clientMethods = {}, state = {} } = definition as {
    readonly client?: unknown;
    readonly state?: unknown;
  };
  if (typeof clientMethods !== "object" || clientMethods === null) {
    throw new TypeError(
      "Cannot make a service: expected methods, as in { client: { confirm: rpc({}, bool) } }",
    );
  }
  checkMethods("method of the client", clientMethods, 0);
  if (typeof state !== "object" || state === null) {
    throw new TypeError("Cannot make a service: expected fields, as in { state: { count: u32 } }");
  }
  checkFields("a field of the state", state as Fields);
  for (const [name, schema] of Object.entries(state as Fields)) checkDefault(name, schema);
  if ("event" in definition) checkSchema("the event", definition.event);
  checked.add(service);
}

function checkMethods(what: string, methods: object, maxStreams: 0 | 1): void {
  checkIdentifiers(what, Object.keys(methods));
  for (const [name, method] of Object.entries<unknown>(methods as Record<string, unknown>)) {
    if (!isMethod(method)) throw new TypeError(`Cannot use ${what} ${name}: expected rpc()`);
    const args = Object.entries(method.args);
    checkIdentifiers(`an argument of ${what} ${name}`, args.map(([key]) => key));
    const described: (readonly [where: string, unknown])[] = args.map(([key, arg]) => [
      `an argument of ${what} ${name}, ${key}`,
      arg,
    ]);
    const streams = args.filter(([, arg]) => isStream(arg)).length;
    if (streams > maxStreams || (isStream(method.output) && maxStreams === 0)) {
      throw new TypeError(
        `Cannot make ${what} ${name}: ${
          maxStreams === 0
            ? "a method that the server calls cannot stream"
            : "one argument can be a stream, not more"
        }`,
      );
    }
    for (
      const [where, schema] of [...described, [
        `the output of ${what} ${name}`,
        method.output,
      ]] as const
    ) {
      if (isStream(schema)) checkSchema(`an item of ${where}`, schema.item);
      else checkSchema(where, schema);
    }
  }
}

function isMethod(value: unknown): value is StreamingMethod<unknown> {
  const { args } = Object(value) as Partial<StreamingMethod<unknown>>;
  return typeof args === "object" && args !== null && "output" in (value as object);
}

function checkDefault(name: string, schema: AnySchema): void {
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
  for (const [name, schema] of Object.entries(fields)) checkSchema(`${what}, ${name}`, schema);
}
