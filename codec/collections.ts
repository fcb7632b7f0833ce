/**
 * What maps and sets of both kinds share: their values in TypeScript, and their keys.
 *
 * @module
 */
import type { AnySchema, Collection, Node } from "./schema.ts";
import { interpret } from "./archive.ts";
import { Writer } from "./writer.ts";

type Entries = ReturnType<Collection["entries"]>;

/** How a map or a set is kept in TypeScript. */
export interface Container {
  /** What it is, for messages. */
  readonly expected: string;
  /** Whether it is one. */
  is(value: unknown): boolean;
  /** Its entries. */
  entries(value: unknown): Entries;
  /** An empty one. */
  create(): Map<unknown, unknown> | Set<unknown>;
  /** Add an entry to one of these, without a check. */
  add(value: unknown, key: unknown, item: unknown): void;
  /** Whether an entry shows in a path by its key, and not by its number. */
  readonly isKeyed: boolean;
}

/** Maps. */
export const MAP: Container = {
  expected: "a Map",
  is: (value) => value instanceof Map,
  entries: (value) => [...value as Map<unknown, unknown>],
  create: () => new Map(),
  add: (value, key, item) => void (value as Map<unknown, unknown>).set(key, item),
  isKeyed: true,
};

/** Sets. */
export const SET: Container = {
  expected: "a Set",
  is: (value) => value instanceof Set,
  entries: (value) => Array.from(value as Set<unknown>, (key) => [key, undefined] as const),
  create: () => new Set(),
  add: (value, key) => void (value as Set<unknown>).add(key),
  isKeyed: false,
};

/** Bytes as a string, one character each. */
const latin1 = /* @__PURE__ */ new TextDecoder("latin1");

/** Stands before the key of a map in a path: its text is made when the path is shown. */
function showKey(key: unknown): string {
  const shown = typeof key === "string" ? JSON.stringify(key) : typeof key === "object" ? "…" : key;
  return `get(${String(shown)})`;
}

/** Step from a collection to an entry, in a path that has `step` steps so far; returns how many it has then. */
export function stepTo(
  path: unknown[],
  step: number,
  { isKeyed }: Container,
  key: unknown,
  index: number,
): number {
  if (!isKeyed) {
    path[step] = index;
    return step + 1;
  }
  path[step] = showKey;
  path[step + 1] = key;
  return step + 2;
}

/** Kinds whose values a Map or Set tells apart as Rust does. */
const PLAIN = /^(?:[iu](?:8|16|32|64|128|size)|bool|char|string|boxstr|cstring)$/;

/** Keys as they are archived: a conversion around them runs once for each. */
export interface PlainKeys {
  /** Their codec. */
  readonly schema: AnySchema;
  /** A key as it is archived. Throws anything for what is none. */
  encode(key: unknown): unknown;
  /** A key that was archived. */
  decode(plain: unknown): unknown;
  /** What keys are, for messages; absent where they are archived as they are. */
  readonly expected?: string;
}

/** What keys of a schema are archived as. */
export function plainKeys(schema: AnySchema): PlainKeys {
  // What is not declared yet is refused where it is used: see `checkSchema()`.
  const node = schema as Node | undefined;
  if (node?.kind !== "convert") {
    return { schema, encode: (key) => key, decode: (plain) => plain };
  }
  const conversion = node.conversion!;
  const inner = plainKeys(node.item);
  return {
    schema: inner.schema,
    encode: (key) => inner.encode(conversion.encode(key)),
    decode: (plain) => conversion.decode(inner.decode(plain)),
    expected: conversion.expected,
  };
}

type PlainEntries = [key: unknown, item: unknown][];

/**
 * The entries of a value, with plain keys, and what is made of them: an index, or an order. Keys that cannot be
 * archived, or are equal in Rust, are refused: before that where a Map does not keep them apart, and
 * otherwise if nothing can be made of them.
 */
export function withEntries<R>(
  writer: Writer,
  plain: PlainKeys,
  container: Container,
  value: unknown,
  make: (entries: PlainEntries) => R,
): [entries: PlainEntries, made: R] {
  if (!container.is(value)) writer.refuse(container.expected, value);
  const isPlain = plain.expected === undefined && PLAIN.test(plain.schema.kind);
  const entries = isPlain
    ? container.entries(value) as PlainEntries
    : checkedEntries(writer, plain, container, value);
  try {
    return [entries, make(entries)];
  } catch (cause) {
    if (isPlain) checkedEntries(writer, plain, container, value);
    throw cause;
  }
}

function checkedEntries(
  writer: Writer,
  { schema, encode, expected }: PlainKeys,
  container: Container,
  value: unknown,
): PlainEntries {
  const probe = new Writer();
  probe.words = writer.words;
  for (let i = 0; i < writer.steps; i++) probe.path[i] = writer.path[i];
  const met = new Set<string>();
  return container.entries(value).map(([own, item], i) => {
    probe.steps = stepTo(probe.path, writer.steps, container, own, i);
    probe.depth = writer.depth;
    probe.maxDepth = writer.maxDepth;
    probe.position = 0;
    let plain: unknown;
    try {
      plain = encode(own);
    } catch {
      probe.refuse(expected ?? schema, own);
    }
    interpret.write(probe, schema, plain);
    const bytes = latin1.decode(probe.written());
    if (met.has(bytes)) writer.fail("DuplicateKey", "two keys are equal in Rust");
    met.add(bytes);
    return [plain, item];
  });
}
