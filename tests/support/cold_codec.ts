/**
 * A process that has hashed nothing yet: runs one operation of the codec on archives that Rust wrote.
 *
 * Reads `{ operation, cases }` as JSON from its input and prints the result of each case: `ok`, or the error.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import {
  array,
  CodecError,
  decode,
  encode,
  map,
  type Schema,
  set,
  string,
  u32,
  u64,
  validate,
  view,
} from "../../codec/mod.ts";

/** The task of a process. */
export interface ColdTask {
  /** The operation on each archive. */
  readonly operation: "encode" | "decode" | "validate" | "view";
  /** The archives, in order. */
  readonly cases: readonly ColdCase[];
}

/** One archive from Rust. */
export interface ColdCase {
  /** Its type. */
  readonly type: "map" | "set";
  /** A map's entries, keys by their length; a set's arrays. */
  readonly entries: readonly (readonly [keyLength: number, value: number] | readonly string[])[];
  /** Rust's bytes. */
  readonly hex: string;
}

const MAP = map(string, u32);
const SET = set(array(u64, 8));

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function run<T>(
  operation: ColdTask["operation"],
  schema: Schema<T>,
  value: T,
  hex: string,
): unknown {
  const archive = Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  switch (operation) {
    case "encode":
      return hexOf(encode(schema, value)) === hex;
    case "validate":
      return validate(schema, archive) === undefined;
    case "decode":
      return hexOf(encode(schema, decode(schema, archive))) === hex;
    case "view": {
      const keys = [...value as unknown as Iterable<unknown>].map((entry) =>
        value instanceof Map ? (entry as [unknown, unknown])[0] : entry
      );
      const seen = view(schema, archive) as unknown as { has(key: unknown): boolean };
      return keys.length > 0 && keys.every((key) => seen.has(key));
    }
  }
}

function outcome(operation: ColdTask["operation"], { type, entries, hex }: ColdCase): string {
  try {
    const same = type === "map"
      ? run(
        operation,
        MAP,
        new Map(entries.map(([length, value]) => ["k".repeat(Number(length)), Number(value)])),
        hex,
      )
      : run(operation, SET, new Set(entries.map((items) => items.map(BigInt))), hex);
    return same ? "ok" : "other bytes than Rust's";
  } catch (error) {
    return error instanceof CodecError ? `${error.code}: ${error.message}` : `not ours: ${error}`;
  }
}

const { operation, cases } = JSON.parse(readFileSync(0, "utf8")) as ColdTask;
process.stdout.write(JSON.stringify(cases.map((each) => outcome(operation, each))));
