/**
 * Fingerprints of what two sides must agree on: 64-bit FNV-1a, computed without bigints. They detect
 * mistakes, not attacks.
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
  const fields = state.map(({ name, schema }) => `${name}:${signature(schema)}`);
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

/** A hash under way: both halves of its state. */
export type Fnv = readonly [high: number, low: number];

/** Where each hash begins. */
export const FNV_START: Fnv = [0xcbf2_9ce4, 0x8422_2325];

/** What bytes make of a state. */
export function feed([high, low]: Fnv, bytes: Uint8Array): Fnv {
  // The prime is 2⁴⁰ and this.
  const PRIME_LOW = 0x1b3;
  for (const byte of bytes) {
    low ^= byte;
    const product = (low >>> 0) * PRIME_LOW;
    // Signed while it runs: engines keep such numbers as integers.
    high = Math.imul(high, PRIME_LOW) + (low << 8) + (product / 2 ** 32 | 0) | 0;
    low = product | 0;
  }
  return [high, low];
}

/** A state as 16 hex digits. */
export function hexOf(state: Fnv): string {
  return state.map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
}

/** The hash of a text's UTF-8. */
export function hashText(text: string): string {
  return hexOf(feed(FNV_START, toUtf8(text)));
}
