/**
 * {@linkcode checkService}: whether a service is declared as both sides can use it.
 *
 * Servers ask, and clients outside pages. A page reaches only a server with its own fingerprint, which has asked.
 *
 * @module
 */
import { checkSchema } from "../codec/check.ts";
import { defaultOf } from "../codec/default.ts";
import type { Fields } from "../codec/fields.ts";
import type { AnySchema } from "../codec/schema.ts";
import type { Method, ServiceDefinition } from "./service.ts";
import type { Service } from "./types.ts";

type Declared = Pick<Service<unknown, unknown, unknown>, "definition">;

const PARTS: Readonly<Record<keyof ServiceDefinition<never, never, never>, true>> = {
  rpc: true,
  state: true,
  event: true,
  name: true,
};

/** Those that were found right. */
const checked = new WeakSet<object>();

/**
 * Refuse a service that is declared wrongly.
 *
 * @throws {TypeError} If a name cannot be used, something is no schema, or a field of the state has no default.
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
  const methods: unknown = definition?.rpc;
  if (typeof methods !== "object" || methods === null) {
    throw new TypeError("Cannot make a service: expected methods, as in { rpc: { get: rpc() } }");
  }
  // Not by what checks options: a page loads that only when it is asked for, and this may be in its first part.
  for (const name of Object.keys(definition)) {
    if (!Object.hasOwn(PARTS, name)) {
      const there = Object.keys(PARTS).join(", ");
      throw new TypeError(`Cannot make a service with "${name}": there are ${there}`);
    }
  }
  const entries = Object.entries<unknown>(methods as Readonly<Record<string, unknown>>);
  if (entries.length === 0) throw new TypeError("Cannot make a service: it has no methods");
  checkIdentifiers("method", entries.map(([name]) => name));
  for (const [name, method] of entries) {
    if (!isMethod(method)) throw new TypeError(`Cannot make method ${name}: use rpc()`);
    checkFields(`an argument of method ${name}`, method.args);
    checkSchema(`the output of method ${name}`, method.output);
  }
  const state = (definition.state ?? {}) as Fields;
  if (typeof state !== "object") {
    throw new TypeError("Cannot make a service: expected fields, as in { state: { count: u32 } }");
  }
  checkFields("a field of the state", state);
  for (const [name, schema] of Object.entries(state)) checkDefault(name, schema);
  if ("event" in definition) checkSchema("the event", definition.event);
  checked.add(service);
}

function isMethod(value: unknown): value is Method<unknown> {
  return typeof value === "object" && value !== null && "args" in value && "output" in value;
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
