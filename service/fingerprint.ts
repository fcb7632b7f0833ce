/**
 * Short names of what two sides have to agree on.
 *
 * @module
 */
import type { AnySchema } from "../codec/schema.ts";
import { signature } from "../codec/signature.ts";
import type { Fingerprint } from "../wire/handshake.ts";
import { hashText } from "./fnv.ts";
import type { MethodInfo, Service } from "./types.ts";

/** What of a service goes into its fingerprint. */
export type FingerprintParts = Pick<
  Service<unknown, unknown, unknown>,
  "calls" | "methods" | "clientMethods" | "state" | "event"
>;

/** A method of the client, as it stands behind the event. */
export function describeClientMethod({ call, output }: MethodInfo): string {
  return `;${signature(call)}->${signature(output)}`;
}

/** The fingerprint of a service. */
export function fingerprintOf(
  { calls, methods, clientMethods, state, event }: FingerprintParts,
): Fingerprint {
  const outputs = methods.map(({ items, output }) => signature(items ?? output));
  const fields = state.map(({ name, schema }) => `${name}:${signature(schema)}`);
  return {
    methods: hashText(`${signature(calls)}->${outputs.join(",")}`),
    state: hashText(`state{${fields.join(",")}}`),
    // All that a server sends of its own accord: events, and calls of the client.
    events: hashText(
      [event && signature(event as AnySchema), ...clientMethods.map(describeClientMethod)]
        .join(""),
    ),
  };
}
