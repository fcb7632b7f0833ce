/**
 * {@linkcode ATTACKS}: the attacks with the highest cost to a server per byte sent, at the default limits.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { DEFAULT_LIMITS } from "../../wire/limits.ts";
import type { Schema } from "../../codec/mod.ts";
import { call, rawCall } from "./frames.ts";
import { Hostile } from "./service.ts";
import { STREAM_ATTACKS } from "./stream_attacks.ts";
import { noise } from "../support/noise.ts";

/** One attack: its messages, each with a separate id. */
export interface Attack {
  /** Its messages, in words. */
  readonly name: string;
  /** The messages. */
  messages(): Buffer[];
  /** Connections that send them, as many each. Default: one. */
  readonly connections?: number;
  /** Whether each is sent by a separate connection that leaves in the middle of it. */
  readonly leaves?: boolean;
  /** Whether the service is mounted on the runtime's own server: not on Node, which has none. */
  readonly mounted?: boolean;
  /** Whether the extension `x1` is agreed on. */
  readonly extended?: boolean;
}

/** Messages of one attack. */
const MESSAGES = 24;
/** Bytes of a message besides its elements. */
const ROOT_BYTES = 64;
/** Bytes of memory, estimated, of a unit variant. */
const KIND_MEMORY = 32;

const METHODS = Object.fromEntries(Hostile.methods.map((method) => [method.name, method]));

function callOf(id: number, method: string, args: unknown): Buffer {
  return call(id, METHODS[method]!.call as Schema<unknown>, args);
}

/** The same call, `count` times. */
function repeated(method: string, args: unknown, count = MESSAGES): Buffer[] {
  return Array.from({ length: count }, (_, id) => callOf(id, method, args));
}

/** As many elements as are allowed by their bytes and by their memory. */
function most(bytes: number, memory: number): number {
  const { maxInflatedBytes, maxDecodedBytes } = DEFAULT_LIMITS;
  return Math.floor(
    Math.min((maxInflatedBytes - ROOT_BYTES) / bytes, maxDecodedBytes / (8 + memory)),
  );
}

function filled<T>(length: number, value: T): T[] {
  return new Array<T>(length).fill(value);
}

/** As many of them as fit, in about ten bytes. */
const empties = (): Buffer[] => repeated("empties", { v: filled(most(0, 64), {}) });
const KIND = { type: "a" } as const;
const numbers = (length: number): Map<number, number> =>
  new Map(Array.from({ length }, (_, i) => [i, 0]));

/** Two bytes that say how many of nothing there are. */
function units(count: number): Uint8Array {
  const archive = new Uint8Array(12);
  const view = new DataView(archive.buffer);
  archive[0] = METHODS["units"]!.call.tag;
  view.setInt32(4, -4, true);
  view.setUint32(8, count, true);
  return archive;
}

/** The attacks, by the kind of their messages. */
export const ATTACKS: readonly Attack[] = [
  {
    name: "unit variants",
    messages: () => repeated("kinds", { v: filled(most(1, KIND_MEMORY), KIND) }),
  },
  { name: "tuples", messages: () => repeated("tuples", { v: filled(most(1, 56), [0]) }) },
  {
    name: "small structs",
    messages: () => repeated("structs", { v: filled(most(1, 32), { a: 0 }) }),
  },
  {
    name: "more than the budget",
    messages: () => repeated("kinds", { v: filled(most(1, 0), KIND) }),
  },
  {
    name: "four billion units",
    messages: () => Array.from({ length: 256 }, (_, id) => rawCall(id, units(0xffff_ffff))),
  },
  { name: "empty structs", messages: empties },
  { name: "empty structs, from 24 connections", messages: empties, connections: MESSAGES },
  { name: "empty strings", messages: () => repeated("strings", { v: filled(most(8, 56), "") }) },
  {
    name: "empty byte arrays",
    messages: () => repeated("blobs", { v: filled(most(8, 320), new Uint8Array(0)) }),
  },
  {
    name: "empty number arrays",
    messages: () => repeated("arrays", { v: filled(most(8, 320), new Uint16Array(0)) }),
  },
  { name: "a hash map", messages: () => repeated("hashed", { v: numbers(most(12, 144)) }) },
  { name: "a sorted map", messages: () => repeated("sorted", { v: numbers(most(9, 176)) }) },
  {
    name: "unit variants that a handler keeps",
    messages: () => repeated("keep", { v: filled(most(1, KIND_MEMORY), KIND) }, 48),
  },
  {
    name: "topics of 1 MiB",
    messages: () => repeated("join", { room: "r".repeat(1 << 20) }, 256),
  },
  {
    name: "a message of zeros over the limit",
    messages: () => repeated("echo", { data: new Uint8Array(8 << 20) }, 4),
  },
  {
    name: "halves of messages, whose connections leave",
    messages: () =>
      Array.from({ length: 16 }, () => Buffer.from(noise(DEFAULT_LIMITS.maxMessageBytes))),
    leaves: true,
  },
  {
    name: "small structs, to a mount",
    messages: () => repeated("structs", { v: filled(most(1, 32), { a: 0 }) }),
    mounted: true,
  },
  { name: "empty structs, to a mount", messages: empties, mounted: true },
  {
    name: "empty structs, to a mount from 24 connections",
    messages: empties,
    connections: MESSAGES,
    mounted: true,
  },
  ...STREAM_ATTACKS,
];
