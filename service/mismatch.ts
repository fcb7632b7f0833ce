/**
 * {@linkcode explainMismatch}: describes how the services of two sides differ.
 *
 * A page loads it only after a mismatch. It imports nothing: a module shared with the page's first chunk
 * would be split off from that chunk and make it larger.
 *
 * @module
 */
import type { AnySchema, Node, Sum } from "../codec/schema.ts";
import type { ConnectError } from "../wire/errors.ts";
import type { Fingerprint, FingerprintPart } from "../wire/handshake.ts";
import type { FingerprintParts } from "./fingerprint.ts";
import type { Service } from "./types.ts";

/** What a server says at the end of its refusal: in what the two differ, and its own fingerprint. */
const SERVER = /differ in ([a-z, ]{1,32}); server ([0-9a-f]{16})\.([0-9a-f]{16})\.([0-9a-f]{16})/;

/** Names a service. */
export type FingerprintOf = (parts: FingerprintParts) => Fingerprint;

/** A part of a service, and what it was before its members were appended. */
interface Part {
  readonly part: FingerprintPart;
  /** Its members, in words. */
  readonly members: readonly string[];
  /** The part when it had so many members; `undefined` if it could not have. */
  first(count: number): FingerprintParts | undefined;
}

/**
 * Explain a refusal for a different service, and what to do. The refusal carries the server's fingerprint:
 * if it matches an older form of this client's service, the client is newer. Parts that the server did not
 * list may differ as well, in ways that it can serve.
 *
 * @param refusal The server's refusal.
 * @returns A text for developers, or `undefined` if the refusal has no fingerprint.
 */
export function explainMismatch<M, S, E, C>(
  refusal: string,
  service: Service<M, S, E, C>,
  fingerprintOf: FingerprintOf,
): string | undefined {
  const said = SERVER.exec(refusal);
  if (said === null) return undefined;
  const named = said[1]!.split(", ");
  const server = { methods: said[2]!, state: said[3]!, events: said[4]! };
  const differing = declared(service).filter(({ part }) =>
    named.includes(part) && server[part] !== service.fingerprint[part]
  );
  if (differing.length === 0) {
    return "The server has the same service, but received other fingerprints of " +
      `${named.join(", ")}: a proxy changed "hl" in the query of its address`;
  }
  const added = differing.map((each) => firstAdded(each, server[each.part], fingerprintOf));
  if (!added.includes(undefined)) {
    return "The client is newer than the server: deploy the server first. It does not know " +
      added.join(" and ");
  }
  const parts = listOf(differing.map(({ part }) => part));
  return `The client and the server were built from different services: ${parts}. ` +
    "Compare what wireSnapshot(service) prints on either side";
}

/** That parts differ, in words. */
function listOf(parts: readonly string[]): string {
  return `${parts.join(", ")} ${parts.join() === "state" ? "differs" : "differ"}`;
}

/** An error with what it means and what to do in its message; itself if the server did not tell enough. */
export function explained<M, S, E, C>(
  error: ConnectError,
  service: Service<M, S, E, C>,
  fingerprintOf: FingerprintOf,
): ConnectError {
  const text = explainMismatch(error.message, service, fingerprintOf);
  if (text === undefined) return error;
  // Takes the loaded class from the error: importing it would split it off.
  const { constructor, code, status } = error;
  return new (constructor as typeof ConnectError)(code, text, { status, cause: error });
}

/** What has been appended since the part had that name; `undefined` if it never had. */
function firstAdded(
  { part, members, first }: Part,
  name: string,
  fingerprintOf: FingerprintOf,
): string | undefined {
  for (let count = members.length - 1; count >= 0; count--) {
    const older = first(count);
    if (older !== undefined && fingerprintOf(older)[part] === name) {
      return members[count];
    }
  }
  return undefined;
}

/** The parts of a service that have fingerprints. */
function declared(
  { calls, methods, clientMethods, state, event }: FingerprintParts,
): Part[] {
  const nothing: FingerprintParts = {
    calls: cut(calls, 0),
    methods: [],
    clientMethods: [],
    state: [],
    event: undefined,
  };
  const variants = event === undefined ? [] : variantsOf(event as AnySchema);
  return [
    {
      part: "methods",
      members: methods.map(({ name }) => `method "${name}"`),
      first: (count) =>
        count === 0
          ? undefined
          : { ...nothing, calls: cut(calls, count), methods: methods.slice(0, count) },
    },
    {
      part: "state",
      members: state.map(([name]) => `state field "${name}"`),
      first: (count) => ({ ...nothing, state: state.slice(0, count) }),
    },
    {
      part: "events",
      members: [
        ...variants.map((name) => `event "${name}"`),
        ...clientMethods.map(({ name }) => `method "${name}" of the client`),
      ],
      // Before the first variant the service had no event type.
      first: (count) => ({
        ...nothing,
        clientMethods: clientMethods.slice(0, Math.max(0, count - variants.length)),
        event: count === 0
          ? undefined
          : count < variants.length
          ? cut(event as Sum, count) as never
          : event,
      }),
    },
  ];
}

/** An enum when it had so many variants. */
function cut(sum: Sum, count: number): Sum {
  const arms = sum.arms.slice(0, count);
  return { ...sum, arms, text: () => `enum{${arms.map((arm) => arm.text!())}}` };
}

/** The variants of an event; of one that is no enum its kind, which is there or not. */
function variantsOf(event: AnySchema): string[] {
  const node = event as Node;
  return node.kind === "variants" ? node.arms.map(({ name }) => name) : [node.kind];
}
