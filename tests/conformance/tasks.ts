/**
 * Does the conformance kit's tasks with this module, for its client and its server.
 *
 * @module
 */
import { decodeHex, encodeHex } from "@std/encoding";
import type {
  Answer,
  FingerprintLine,
  Json,
  MethodSpec,
  ServiceSpec,
} from "../../conformance/cases.ts";
import { MESSAGE_SPECS } from "../../conformance/service.ts";
import { CodecError, decode, encode, type Schema, signature } from "../../codec/mod.ts";
import type { Composite } from "../../codec/schema.ts";
import { inflate, InflateError } from "../../deflate/inflate.ts";
import { rpc, service, stream } from "../../mod.ts";
import { formatFingerprint } from "../../wire/handshake.ts";
import { build, type TypeSpec } from "../support/vectors.ts";

const MAX_BYTES = 8 << 20;

/** A task of any kind. */
export type Task = Readonly<Record<string, TypeSpec>>;

function schemaOf(spec: TypeSpec): Schema<unknown> {
  return build(spec).schema;
}

function methodsOf(specs: readonly MethodSpec[]): Record<string, unknown> {
  return Object.fromEntries(specs.map(([name, args, output]) => {
    const typed = (spec: TypeSpec): unknown =>
      spec.k === "stream" ? stream(schemaOf(spec.t)) : schemaOf(spec);
    const fields = Object.fromEntries(args.map(([arg, spec]) => [arg, typed(spec)]));
    return [name, rpc(fields as never, typed(output) as never)];
  }));
}

/** The fingerprint of a service in the vectors' language. */
export function fingerprintOf({ methods, state, event, client }: ServiceSpec): string {
  const { fingerprint } = service({
    rpc: methodsOf(methods) as never,
    state: Object.fromEntries(state.map(([name, spec]) => [name, schemaOf(spec)])) as never,
    ...(event === undefined ? {} : { event: schemaOf(event) }),
    ...(client === undefined ? {} : { client: methodsOf(client) as never }),
  });
  return formatFingerprint(fingerprint);
}

/** The text or the fingerprint of a line. */
export function described(line: FingerprintLine): string {
  return "text" in line ? signature(schemaOf(line.schema)) : fingerprintOf(line.service);
}

function archived(task: Task): Answer {
  switch (task["do"]) {
    case "encode": {
      const { schema, fromSpec } = build(task["schema"]);
      return { hex: encodeHex(encode(schema, fromSpec(task["value"]))) };
    }
    case "decode": {
      const { schema, toSpec } = build(task["schema"]);
      return { value: toSpec(decode(schema, decodeHex(task["hex"]))) as Json };
    }
    case "recode": {
      const { schema } = build(task["schema"]);
      return { hex: encodeHex(encode(schema, decode(schema, decodeHex(task["hex"])))) };
    }
    case "message": {
      const { schema, toSpec } = build(MESSAGE_SPECS[task["from"] as "client" | "server"]);
      const archive = inflate(decodeHex(task["hex"]), MAX_BYTES);
      return { message: toSpec(decode(schema, archive)) as Json };
    }
    case "layout": {
      const { size, align, fields } = schemaOf(task["schema"]) as Schema<unknown> & Composite;
      return { size, align, offsets: fields.map(({ offset }) => offset) };
    }
    case "signature":
      return { text: signature(schemaOf(task["schema"])) };
    case "fingerprint":
      return { fingerprint: fingerprintOf(task["service"]) };
  }
  return { unknown: task["do"] };
}

/** The answer to a task that needs no connection. */
export function perform(task: Task): Answer {
  try {
    return archived(task);
  } catch (error) {
    if (error instanceof CodecError || error instanceof InflateError) {
      return { refused: error.message };
    }
    throw error;
  }
}
