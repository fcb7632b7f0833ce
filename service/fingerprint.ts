/**
 * Short names of what two sides have to agree on.
 *
 * @module
 */
import type { AnySchema } from "../codec/schema.ts";
import { signature } from "../codec/signature.ts";
import type { Fingerprint } from "../wire/handshake.ts";
import { hashText } from "./fnv.ts";
import type { Service } from "./types.ts";

/** What of a service goes into its fingerprint. */
export type FingerprintParts = Pick<
  Service<unknown, unknown, unknown>,
  "calls" | "methods" | "state" | "event"
>;

/** The fingerprint of a service. */
export function fingerprintOf({ calls, methods, state, event }: FingerprintParts): Fingerprint {
  const outputs = methods.map(({ output }) => signature(output));
  const fields = state.map(({ name, schema }) => `${name}:${signature(schema)}`);
  return {
    methods: hashText(`${signature(calls)}->${outputs.join(",")}`),
    state: hashText(`state{${fields.join(",")}}`),
    events: hashText(event === undefined ? "" : signature(event as AnySchema)),
  };
}
