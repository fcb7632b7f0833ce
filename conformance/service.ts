/**
 * The service of the kit and the peer under test, and the messages of the protocol as schemas.
 *
 * @module
 */
import {
  bool,
  bytes,
  result,
  rpc,
  RPC_HANDLER_ERRORS,
  service,
  string,
  struct,
  u32,
  u8,
  usize,
  variants,
  vec,
} from "../mod.ts";

/** The service, served by the kit to a client, and by a server to the kit. */
export const Conformance = service({
  name: "Conformance",
  rpc: {
    /** A client gives its last answer and gets its next task; a server gets a task and gives its answer. */
    exchange: rpc({ text: string }, string),
    /** Twice the value. */
    double: rpc({ value: u32 }, u32),
    /** Fails with a code, by its number. */
    fail: rpc({ code: u8 }),
    /** Sets both fields of the state. */
    change: rpc({ count: u32, text: string }),
    /** Subscribes the caller to a topic, then emits a note there. */
    emit: rpc({ isText: bool, topic: bytes, text: string }),
  },
  state: { count: u32, text: string },
  event: variants({ note: { text: string }, stop: null }),
});

const code = variants(Object.fromEntries(RPC_HANDLER_ERRORS.map((name) => [name, null])));

/** A client's messages. */
export const ClientMessage = variants({ RPCRequest: { id: u8, internal: bytes } });

/** A server's messages. */
export const ServerMessage = variants({
  RPCResponse: { id: u8, output: result(bytes, code) },
  NewEvent: { topic: struct({ inner: bytes, is_string: bool }), payload: bytes },
  StateChange: [vec(struct({ index: usize, data: bytes }))],
});

const BYTES = { k: "vec", t: "u8" };
const TOPIC = { k: "struct", name: "Topic", fields: [["inner", BYTES], ["is_string", "bool"]] };
const UPDATE = { k: "struct", name: "Update", fields: [["index", "usize"], ["data", BYTES]] };
const CODE = { k: "enum", name: "Code", variants: RPC_HANDLER_ERRORS.map((name) => [name]) };

/** The same in the vectors' language. */
export const MESSAGE_SPECS = {
  client: {
    k: "enum",
    name: "ClientMessage",
    variants: [["RPCRequest", "s", [["id", "u8"], ["internal", BYTES]]]],
  },
  server: {
    k: "enum",
    name: "ServerMessage",
    variants: [
      ["RPCResponse", "s", [["id", "u8"], ["output", { k: "result", ok: BYTES, err: CODE }]]],
      ["NewEvent", "s", [["topic", TOPIC], ["payload", BYTES]]],
      ["StateChange", "t", [{ k: "vec", t: UPDATE }]],
    ],
  },
} as const;
