/**
 * {@linkcode wireSnapshot}: a service's wire format as text, to keep under version control.
 *
 * @module
 */
import { checkSchema } from "../codec/check.ts";
import { isSchema, type Schema } from "../codec/schema.ts";
import { signature } from "../codec/signature.ts";
import { checkService } from "./check.ts";
import type { MethodInfo, Service } from "./types.ts";

/**
 * The wire format of a service, or of named schemas: one line per method, field and type, in wire order.
 *
 * Commit the text and compare it in a test: it changes exactly when a name, an order or a type does. Older
 * clients still work after a line was appended to the methods or the state, if the enum of calls does not
 * grow. They don't after any other change.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { rpc, service, u32, wireSnapshot } from "@hardlight/hardlight";
 *
 * const Counter = service({ name: "Counter", rpc: { get: rpc({}, u32) }, state: { counter: u32 } });
 * assert.equal(
 *   wireSnapshot(Counter),
 *   `service Counter
 * methods
 *   0 get {} -> u32
 * state
 *   0 counter: u32
 * events
 *   none
 * `,
 * );
 * ```
 */
export function wireSnapshot<M, S, E, C>(
  subject: Service<M, S, E, C> | Readonly<Record<string, Schema<unknown>>>,
): string {
  if (typeof subject !== "object" || subject === null || isSchema(subject)) {
    throw new TypeError(
      "Cannot make a snapshot: expected what service() makes, or schemas by name, as in { u32 }",
    );
  }
  if (!isService(subject)) {
    for (const [name, schema] of Object.entries(subject)) checkSchema(name, schema);
    return Object.entries(subject).map(([name, schema]) => `${name}: ${signature(schema)}\n`).join(
      "",
    );
  }
  checkService(subject);
  const { name, methods, clientMethods, state, event } = subject;
  const lines = [`service ${name}`, "methods", ...linesOf(methods)];
  if (clientMethods.length > 0) lines.push("client", ...linesOf(clientMethods));
  lines.push("state");
  state.forEach(([name, schema], index) => {
    lines.push(`  ${index} ${name}: ${signature(schema)}`);
  });
  if (state.length === 0) lines.push("  none");
  lines.push("events", `  ${event === undefined ? "none" : signature(event)}`);
  return `${lines.join("\n")}\n`;
}

function linesOf(methods: readonly MethodInfo[]): string[] {
  return methods.map(({ name, call, output, items }) => {
    const args = call.fields.map(({ key, schema }) => `${key}: ${signature(schema)}`);
    const shown = args.length === 0 ? "{}" : `{ ${args.join(", ")} }`;
    return `  ${call.tag} ${name} ${shown} -> ${signature(items ?? output)}`;
  });
}

function isService<M, S, E, C>(
  subject: Service<M, S, E, C> | Readonly<Record<string, Schema<unknown>>>,
): subject is Service<M, S, E, C> {
  return "methods" in subject && !isSchema(subject.methods);
}
