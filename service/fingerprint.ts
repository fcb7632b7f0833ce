/**
 * Short names of what two sides have to agree on.
 *
 * @module
 */
import type { Schema } from "../codec/schema.ts";
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
  const outputs = methods.map(({ output }) => output.describe());
  const fields = state.map(({ name, schema }) => `${name}:${schema.describe()}`);
  return {
    methods: hashText(`${calls.describe()}->${outputs.join(",")}`),
    state: hashText(`state{${fields.join(",")}}`),
    events: hashText(event === undefined ? "" : (event as Schema<unknown>).describe()),
  };
}
