/**
 * {@linkcode Ancestry}: the older clients that a service can still serve.
 *
 * @module
 */
import { roundUp } from "../codec/layout.ts";
import type { AnySchema, Arm, Sum } from "../codec/schema.ts";
import { signature } from "../codec/signature.ts";
import { toUtf8 } from "../codec/utf8.ts";
import type { FingerprintPart } from "../wire/handshake.ts";
import { describeClientMethod, type FingerprintParts } from "./fingerprint.ts";

/**
 * Recognizes, by their fingerprints, clients that were built before methods or state fields were appended.
 *
 * - A method can be appended if the enum of calls keeps its size, alignment and tag: an older client
 *   archives the smaller enum.
 * - A state field can always be appended: an older client ignores unknown fields.
 * - An event variant cannot: an older client could not decode it.
 * - A client method can be appended under the same rule as a method, and may be the first one: an older
 *   client answers that it has no such method.
 *
 * Any peer can send a fingerprint, so the fingerprints of all older forms are computed together, once, in
 * time linear in the size of the service.
 */
export class Ancestry {
  readonly #service: FingerprintParts;
  readonly #known: Partial<Record<FingerprintPart, ReadonlySet<string>>> = {};

  /** Create for the service that is served. */
  constructor(service: FingerprintParts) {
    this.#service = service;
  }

  /** Whether a part of an older form of the service had this name. */
  includes(part: FingerprintPart, name: string): boolean {
    // Computed on first use: most peers have the service's own fingerprint.
    this.#known[part] ??= new Set(this.#earlier(part));
    return this.#known[part].has(name);
  }

  #earlier(part: FingerprintPart): string[] {
    if (part === "state") return earlierStates(this.#service);
    return part === "methods" ? earlierMethods(this.#service) : earlierEvents(this.#service);
  }
}

function earlierStates({ state }: FingerprintParts): string[] {
  const end = toUtf8("}");
  let fields = feed(FNV_START, toUtf8("state{"));
  return state.map(([name, schema], count) => {
    const earlier = hexOf(feed(fields, end));
    const text = `${count === 0 ? "" : ","}${name}:${signature(schema)}`;
    fields = feed(fields, toUtf8(text));
    return earlier;
  });
}

function earlierEvents({ event, clientMethods }: FingerprintParts): string[] {
  if (clientMethods.length === 0) return [];
  const first = sameLayoutFrom(clientMethods.map(({ call }) => call));
  let described = feed(FNV_START, toUtf8(event ? signature(event as AnySchema) : ""));
  const names: string[] = [];
  clientMethods.forEach((method, count) => {
    if (count === 0 || count >= first) names.push(hexOf(described));
    described = feed(described, toUtf8(describeClientMethod(method)));
  });
  return names;
}

/**
 * A form's text is all its calls followed by all its outputs, so each form enters the outputs with its own
 * hash state. A byte's contribution depends only on the state's lowest byte: states with the same lowest
 * byte advance together as one lane, so there are at most 256 lanes.
 */
function earlierMethods({ calls, methods }: FingerprintParts): string[] {
  const starts = statesBeforeOutputs(calls);
  const first = sameLayoutFrom(calls.arms);
  /** By their lowest byte, the lanes; the longest form of each is where it ends. */
  const lanes = new Map<number, { state: Fnv; longest: number }>();
  for (let count = first; count < methods.length; count++) {
    const lowest = starts[count]![1] & 0xff;
    const lane = lanes.get(lowest);
    if (lane === undefined) lanes.set(lowest, { state: [0, lowest], longest: count });
    else lane.longest = count;
  }
  // The prime to the power of the bytes so far: a state of 1 after that many zero bytes.
  let power: Fnv = [0, 1];
  const names: string[] = [];
  for (let count = 1; count < methods.length; count++) {
    const separator = count === 1 ? "" : ",";
    const { items, output: archived } = methods[count - 1]!;
    const output = toUtf8(separator + signature(items ?? archived));
    power = feed(power, new Uint8Array(output.length));
    for (const lane of lanes.values()) {
      if (count <= lane.longest) lane.state = feed(lane.state, output);
    }
    if (count < first) continue;
    const [high, low] = starts[count]!;
    const lane = lanes.get(low & 0xff)!;
    names.push(hexOf(plusProduct(lane.state, power, [high, (low & ~0xff) >>> 0])));
  }
  return names;
}

/** For each number of methods, the state behind the calls. */
function statesBeforeOutputs(calls: Sum): Fnv[] {
  const end = toUtf8("}->");
  let described = feed(FNV_START, toUtf8("enum{"));
  const states = [described];
  calls.arms.forEach((arm, i) => {
    described = feed(described, toUtf8((i === 0 ? "" : ",") + signature(arm)));
    states.push(feed(described, end));
  });
  return states;
}

/** From how many methods on the enum of calls is laid out as it is now. */
function sameLayoutFrom(arms: readonly Arm[]): number {
  const { size, align, tagBytes } = arms[0]!;
  const least = tagBytes === 1 ? 1 : tagBytes === 2 ? 256 : 65_536;
  let end: number = tagBytes;
  let alignSoFar: number = tagBytes;
  const index = arms.findIndex(({ fields }) => {
    for (const { schema, offset } of fields) {
      end = Math.max(end, offset + schema.size);
      alignSoFar = Math.max(alignSoFar, schema.align);
    }
    return alignSoFar === align && roundUp(end, align) === size;
  });
  return Math.max(least, index + 1);
}

/** A hash under way: both halves of its state. Numbers, for there may be many bytes. */
type Fnv = readonly [high: number, low: number];

/** Where each hash begins. */
const FNV_START: Fnv = [0xcbf2_9ce4, 0x8422_2325];

/** What bytes make of a state. */
function feed([high, low]: Fnv, bytes: Uint8Array): Fnv {
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
function hexOf(state: Fnv): string {
  return state.map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
}

/** `state + factor × more`, of 64 bits. */
function plusProduct(state: Fnv, factor: Fnv, more: Fnv): Fnv {
  const join = ([high, low]: Fnv): bigint => (BigInt(high) << 32n) + BigInt(low >>> 0);
  const sum = join(state) + join(factor) * join(more);
  return [Number((sum >> 32n) & 0xffff_ffffn), Number(sum & 0xffff_ffffn)];
}
