/**
 * Messages of the peer's services to their meaning and back, through `wire/` and the schemas.
 *
 * @module
 */
import { interpret } from "../../codec/archive.ts";
import { decodeHex, encodeHex } from "@std/encoding";
import { decode, encode, type Schema } from "../../codec/mod.ts";
import { Reader } from "../../codec/reader.ts";
import { Writer } from "../../codec/writer.ts";
import { RPC_HANDLER_ERRORS, Topic } from "../../mod.ts";
import type { RpcHandlerErrorCode } from "../../wire/errors.ts";
import { NEW_EVENT, RPC_RESPONSE } from "../../wire/layout.ts";
import { ClientMessage, readClientMessage } from "../../wire/client_message_reader.ts";
import { writeRequest } from "../../wire/client_message_writer.ts";
import {
  writeErrorResponse,
  writeEventOf,
  writeResponse,
} from "../../wire/server_message_writer.ts";
import { serverMessage } from "../support/server_message.ts";
import { fromJson, snakeCase, toJson } from "../interop/json.ts";
import type { JsonObject, Service } from "../interop/peer.ts";
import { CustomOutput, SERVICES } from "../interop/services.ts";
import type { Meaning } from "./transcripts.ts";
import { type StateUpdate, writeStateChange } from "../support/state_change.ts";

function outputSchema(service: Service, method: string): Schema<unknown> {
  // The crate's `handle()` archives the whole result; its `test_overhead` archives nothing.
  if (service === "custom" && method !== "test_overhead") return CustomOutput as Schema<unknown>;
  return SERVICES[service].methods.find(({ name }) => snakeCase(name) === method)!.output;
}

/** The message in an archive from a client. Throws `CodecError`. */
export function readCall(service: Service, archive: Uint8Array<ArrayBuffer>): Meaning {
  const { calls } = SERVICES[service];
  const reader = new Reader({ maxDepth: 64, maxDecodedBytes: 16 << 20 });
  const message = new ClientMessage();
  reader.reset(archive);
  readClientMessage(reader, 0, archive.length, message);
  const call = decode(calls, archive.slice(message.start, message.end)) as Record<string, unknown>;
  const variant = calls.arms.find(({ name }) => name === call["type"])!;
  const args = variant.fields.map(({ key, schema }) => [
    snakeCase(String(key)),
    toJson(schema, call[key]),
  ]);
  return { call: snakeCase(variant.name), id: message.id, args: Object.fromEntries(args) };
}

/** The message in an archive from a server; `methods` are those of the calls in flight, by id. */
export function readAnswer(
  service: Service,
  archive: Uint8Array<ArrayBuffer>,
  methods: ReadonlyMap<number, string>,
): Meaning {
  const { state, event } = SERVICES[service];
  const reader = new Reader({ maxDepth: 64, maxDecodedBytes: 16 << 20 });
  reader.reset(archive);
  const message = serverMessage(reader, 0, archive.length);
  const payload = archive.slice(message.start, message.end);
  if (message.kind === RPC_RESPONSE) {
    const { id } = message;
    const reply = methods.get(id)!;
    if (message.errorCode !== undefined) return { reply, id, err: message.errorCode };
    const schema = outputSchema(service, reply);
    return { reply, id, ok: toJson(schema, decode(schema, payload)) };
  }
  if (message.kind === NEW_EVENT) {
    const topic = message.topic!;
    return {
      event: toJson(event!, decode(event!, payload)),
      topic: { inner: encodeHex(topic.bytes), is_string: topic.isString },
    };
  }
  const changes = message.updates.map(({ index, start, end }) => {
    const [name, schema] = state[index]!;
    const data = archive.slice(start, end);
    return [snakeCase(name), toJson(schema, decode(schema, data))] as const;
  });
  return { state: Object.fromEntries(changes) };
}

function updatesOf(service: Service, state: JsonObject): StateUpdate[] {
  const fields = SERVICES[service].state;
  return Object.entries(state).map(([changed, json]) => {
    const index = fields.findIndex(([name]) => snakeCase(name) === changed);
    const [name, schema] = fields[index]!;
    const value = name === "topic" ? toTopic(json as JsonObject) : fromJson(schema, json);
    return { index, data: encode(schema, value) };
  });
}

function toTopic({ inner, is_string }: JsonObject): Topic {
  return Topic.fromWire(decodeHex(String(inner)), is_string === true);
}

/** The archive of this message. */
export function write(service: Service, means: Meaning): Uint8Array<ArrayBuffer> {
  const { calls, event } = SERVICES[service];
  const writer = new Writer(64);
  if ("call" in means) {
    const { name, fields } = calls.arms.find(({ name }) => snakeCase(name) === means.call)!;
    const args = fields.map(({ key, schema }) => [
      key,
      fromJson(schema, means.args[snakeCase(String(key))]!),
    ]);
    const value = { type: name, ...Object.fromEntries(args) };
    writeRequest(interpret, writer, means.id, calls as Schema<unknown>, value);
  } else if ("ok" in means) {
    const schema = outputSchema(service, means.reply);
    writeResponse(interpret, writer, means.id, schema, fromJson(schema, means.ok));
  } else if ("err" in means) {
    const code = RPC_HANDLER_ERRORS.find((code) => code === means.err);
    writeErrorResponse(writer, means.id, code as RpcHandlerErrorCode);
  } else if ("event" in means) {
    const topic = toTopic(means.topic as unknown as JsonObject);
    writeEventOf(interpret, writer, topic, event!, fromJson(event!, means.event));
  } else {
    writeStateChange(writer, updatesOf(service, means.state));
  }
  return writer.bytes.slice(0, writer.position);
}

/** An archive as a stored block, which every inflater accepts. */
export function frameStored(archive: Uint8Array): Uint8Array<ArrayBuffer> {
  const { length } = archive;
  const header = [1, length & 0xff, length >> 8, ~length & 0xff, ~length >> 8 & 0xff];
  return Uint8Array.from([...header, ...archive]);
}
