/**
 * Short names of what two sides have to agree on.
 *
 * @module
 */
import type { Schema } from "../codec/schema.ts";
import { type Variants, VariantsSchema } from "../codec/variants.ts";
import type { Fingerprint, FingerprintPart } from "../wire/handshake.ts";
import type { MethodInfo, Service, StateField } from "./types.ts";

/** What of a service goes into its fingerprint. */
type Parts = Pick<Service<unknown, unknown, unknown>, "calls" | "methods" | "state" | "event">;

/** The fingerprint of a service. */
export function fingerprintOf({ calls, methods, state, event }: Parts): Fingerprint {
  return {
    methods: nameMethods(calls, methods),
    state: nameState(state),
    events: hash(event === undefined ? "" : (event as Schema<unknown>).describe()),
  };
}

function nameMethods(calls: VariantsSchema, methods: readonly MethodInfo[]): string {
  return hash(`${calls.describe()}->${methods.map(({ output }) => output.describe()).join(",")}`);
}

function nameState(state: readonly StateField[]): string {
  return hash(
    `state{${state.map(({ name, schema }) => `${name}:${schema.describe()}`).join(",")}}`,
  );
}

/**
 * Whether a server can serve clients that were built before methods or fields of the state were
 * appended, by their fingerprint.
 *
 * A method can be appended as long as the enum of calls keeps its size, alignment and tag: an older client
 * archives the smaller enum. A field of the state can always: an older client ignores what it does not
 * know. A variant of the event cannot: an older client could not decode it.
 */
export class Ancestry {
  readonly #service: Parts;
  readonly #known: Partial<Record<FingerprintPart, ReadonlySet<string>>> = {};

  /** Create for the service that is served. */
  constructor(service: Parts) {
    this.#service = service;
  }

  /** Whether a part of an older form of the service had this name. */
  includes(part: FingerprintPart, name: string): boolean {
    // Worked out when it is first asked for: most peers are equal.
    this.#known[part] ??= new Set(this.#earlier(part));
    return this.#known[part].has(name);
  }

  *#earlier(part: FingerprintPart): Generator<string> {
    const { calls, methods, state } = this.#service;
    if (part === "state") {
      for (let count = 0; count < state.length; count++) yield nameState(state.slice(0, count));
    }
    if (part !== "methods") return;
    const specs = Object.entries(calls.specs);
    for (let count = 1; count < specs.length; count++) {
      const earlier = new VariantsSchema(
        Object.fromEntries(specs.slice(0, count)) as Variants,
        false,
      );
      const sameLayout = earlier.size === calls.size && earlier.align === calls.align &&
        earlier.layout.tagBytes === calls.layout.tagBytes;
      if (sameLayout) yield nameMethods(earlier, methods.slice(0, count));
    }
  }
}

/** FNV-1a of the UTF-8 text: 64 bits as 16 hex digits. A name for comparing, no defence. */
function hash(text: string): string {
  let state = 0xcbf2_9ce4_8422_2325n;
  for (const byte of new TextEncoder().encode(text)) {
    state = BigInt.asUintN(64, (state ^ BigInt(byte)) * 0x100_0000_01b3n);
  }
  return state.toString(16).padStart(16, "0");
}
