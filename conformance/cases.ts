/**
 * The cases that are data: tasks with Rust's answers. They are the same for clients and servers.
 *
 * @module
 */
import { decodeHex } from "@std/encoding";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { decode } from "../codec/mod.ts";
import { build, readLines, type TypeSpec } from "../tests/support/vectors.ts";
import { MESSAGE_SPECS } from "./service.ts";

/** A value in JSON. */
export type Json = null | boolean | number | string | readonly Json[] | {
  readonly [name: string]: Json;
};

/** An answer to a task. */
export type Answer = Readonly<Record<string, Json>>;

/** A task and its required answer. */
export interface Case {
  readonly group: string;
  readonly name: string;
  readonly task: Readonly<Record<string, Json>>;
  /** Why the answer is wrong, if it is. */
  fault(answer: Answer): string | undefined;
}

/** JSON with the keys of objects in one order. */
function inOrder(value: unknown): string {
  return JSON.stringify(
    value,
    (_, each) =>
      typeof each === "object" && each !== null && !Array.isArray(each)
        ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => a < b ? -1 : 1))
        : each,
  ) ?? "nothing";
}

/** Why two answers differ, if they do. */
export function difference(expected: unknown, answer: unknown): string | undefined {
  const [wanted, got] = [inOrder(expected), inOrder(answer)];
  return wanted === got ? undefined : `expected ${wanted}, got ${got}`;
}

/** A case whose answer is known. */
export function expecting(
  group: string,
  name: string,
  task: Case["task"],
  expected: Answer | (() => Answer),
): Case {
  return {
    group,
    name,
    task,
    fault: (answer) => difference(typeof expected === "function" ? expected() : expected, answer),
  };
}

/** A case that must be refused. */
function refused(group: string, name: string, task: Case["task"]): Case {
  return {
    group,
    name,
    task,
    fault: (answer) => "refused" in answer ? undefined : `accepted: ${inOrder(answer)}`,
  };
}

function* values(): Generator<Case> {
  for (const { name, schema, value, hex } of readLines("values.jsonl")) {
    yield expecting("values", `encode ${name}`, { do: "encode", schema, value }, { hex });
    // Hash maps have no order.
    const same = (each: unknown): unknown => {
      const { fromSpec, toSpec } = build(schema);
      return toSpec(fromSpec(each));
    };
    yield {
      group: "values",
      name: `decode ${name}`,
      task: { do: "decode", schema, hex },
      fault(answer) {
        if (!("value" in answer)) return `no value: ${inOrder(answer)}`;
        try {
          return difference(same(value), same(answer["value"]));
        } catch {
          return difference(value, answer["value"]);
        }
      },
    };
  }
}

function* malformed(): Generator<Case> {
  for (const line of readLines("malformed.jsonl")) {
    const { name, mutation, schema, hex, ok, canonical, error } = line;
    const task = { do: "recode", schema, hex };
    yield ok
      ? expecting("malformed", `${name} ${mutation}`, task, { hex: canonical! })
      : refused("malformed", `${name} ${mutation} ${error}`, task);
  }
}

function* layouts(): Generator<Case> {
  for (const { rust, schema, size, align, offsets } of readLines("layouts.jsonl")) {
    yield expecting("layouts", rust, { do: "layout", schema }, { size, align, offsets: offsets! });
  }
}

/** A line of `fingerprints.jsonl`: a type and its text, or a service and its fingerprint. */
export type FingerprintLine =
  | { readonly name: string; readonly schema: TypeSpec; readonly text: string }
  | { readonly name: string; readonly service: ServiceSpec; readonly fingerprint: string };

/** A method: its name, its arguments, its output. */
export type MethodSpec = readonly [
  name: string,
  args: readonly (readonly [name: string, type: TypeSpec])[],
  output: TypeSpec,
];

/** A service in the vectors' language. */
export interface ServiceSpec {
  readonly methods: readonly MethodSpec[];
  readonly state: readonly (readonly [name: string, type: TypeSpec])[];
  readonly event?: TypeSpec;
  readonly client?: readonly MethodSpec[];
}

/** The lines of a file of this folder. */
export function linesOf<Line>(file: string): Line[] {
  const text = readFileSync(new URL(file, import.meta.url), "utf8");
  return text.trimEnd().split("\n").map((line) => JSON.parse(line) as Line);
}

function* fingerprints(): Generator<Case> {
  for (const line of linesOf<FingerprintLine>("fingerprints.jsonl")) {
    if ("text" in line) {
      const task = { do: "signature", schema: line.schema };
      yield expecting("fingerprints", line.name, task, { text: line.text });
    } else {
      const task = { do: "fingerprint", service: line.service as unknown as Json };
      yield expecting("fingerprints", line.name, task, { fingerprint: line.fingerprint });
    }
  }
}

interface TranscriptLine {
  readonly n: number;
  readonly step: string;
  readonly from: "client" | "server";
  readonly deflated: string;
  readonly inflated?: string;
  readonly verdict?: "accepted" | "dropped" | "ServerDecodeError";
}

const MESSAGES = { client: build(MESSAGE_SPECS.client), server: build(MESSAGE_SPECS.server) };

/** Handwritten archives with the same meaning as Rust's, in other bytes. */
const UNUSUAL = /^(padding_dirty|internal at odd)/;

function* transcripts(): Generator<Case> {
  const file = new URL("../tests/transcripts/reference.jsonl.gz", import.meta.url);
  const lines = gunzipSync(readFileSync(file)).toString("utf8").trimEnd().split("\n");
  for (const text of lines) {
    const { n, step, from, deflated, inflated, verdict } = JSON.parse(text) as TranscriptLine;
    const name = `message ${n}, ${step}`;
    const task = { do: "message", from, hex: deflated };
    if (verdict === "dropped") {
      yield refused("transcripts", `${name}: read`, task);
      continue;
    }
    const { schema, toSpec } = MESSAGES[from];
    const message = toSpec(decode(schema, decodeHex(inflated!))) as Json;
    yield expecting("transcripts", `${name}: read`, task, { message });
    if (UNUSUAL.test(step)) continue;
    const write = { do: "encode", schema: MESSAGE_SPECS[from] as unknown as Json, value: message };
    yield expecting("transcripts", `${name}: write`, write, { hex: inflated! });
  }
}

/** All of them. */
export function* dataCases(): Generator<Case> {
  yield* values();
  yield* malformed();
  yield* layouts();
  yield* fingerprints();
  yield* transcripts();
}
