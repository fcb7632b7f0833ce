/**
 * Fingerprints of what two sides must agree on: 64-bit FNV-1a. They detect mistakes, not attacks.
 *
 * @module
 */
import type { AnySchema } from "../codec/schema.ts";
import { toUtf8 } from "../codec/utf8.ts";
import { signature } from "../codec/signature.ts";
import type { Fingerprint } from "../wire/handshake.ts";
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
  const fields = state.map(([name, schema]) => `${name}:${signature(schema)}`);
  return {
    methods: hashText(`${signature(calls)}->${outputs}`),
    state: hashText(`state{${fields}}`),
    // Everything a server sends unasked: events and calls of the client.
    events: hashText(
      (event ? signature(event as AnySchema) : "") +
        clientMethods.map(describeClientMethod).join(""),
    ),
  };
}

/** The hash of a text's UTF-8, as 16 hex digits. */
export function hashText(text: string): string {
  let state = 0xcbf2_9ce4_8422_2325n;
  for (const byte of toUtf8(text)) {
    state = BigInt.asUintN(64, (state ^ BigInt(byte)) * 0x100_0000_01b3n);
  }
  return state.toString(16).padStart(16, "0");
}
