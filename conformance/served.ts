/**
 * The server's end of a connection of a client under test: {@linkcode ServedConnection}.
 *
 * @module
 */
import { encodeHex } from "@std/encoding";
import { inflateRawSync } from "node:zlib";
import { decode, encode, type Infer, type Schema, string, u32 } from "../codec/mod.ts";
import { RPC_HANDLER_ERRORS } from "../mod.ts";
import { difference } from "./cases.ts";
import { type Form, FORMS } from "./forms.ts";
import { ClientMessage, Conformance, ServerMessage } from "./service.ts";
import type { Peer } from "./websocket.ts";

const CALLS = Conformance.calls as Schema<unknown> as Schema<Call>;
const OUTPUTS = new Map(Conformance.methods.map(({ name, output }) => [name, output]));
/** A field of the state that the service does not have. */
const UNKNOWN_FIELD = 2;
const SERVER_ROOT_BYTES = 24;

type Call =
  | { readonly type: "exchange"; readonly text: string }
  | { readonly type: "double"; readonly value: number }
  | { readonly type: "fail"; readonly code: number }
  | { readonly type: "change"; readonly count: number; readonly text: string }
  | {
    readonly type: "emit";
    readonly isText: boolean;
    readonly topic: Uint8Array<ArrayBuffer>;
    readonly text: string;
  };

/** A request, and its id. */
export interface Request {
  readonly id: number;
  readonly call: Call;
}

/** A request of `exchange`. */
export interface Exchange {
  readonly id: number;
  readonly text: string;
}

/** A topic in JSON. */
export interface TopicSpec {
  readonly inner: string;
  readonly is_string: boolean;
}

type Change = { readonly count?: number; readonly text?: string };
type Message = Infer<typeof ServerMessage>;

/** Reads the client's requests, and answers in any form. */
export class ServedConnection {
  readonly peer: Peer;
  /** Why there is no further request. */
  ended = "";
  #held: Request[] = [];
  #holdCount = 0;

  /** Begin on a connection that is upgraded. */
  constructor(peer: Peer) {
    this.peer = peer;
  }

  /** Answer calls of `double` only when this many have arrived, the last one first. */
  hold(count: number): void {
    this.#holdCount = count;
  }

  /** The next request; `undefined` if there is none, or it is not written as Rust writes it. */
  async next(withinMs: number): Promise<Request | undefined> {
    const received = await this.peer.receive(withinMs);
    if (received === undefined) {
      this.ended = `no answer within ${withinMs} ms`;
      return undefined;
    }
    if (!("message" in received)) {
      this.ended = `the client closed with ${received.code ?? "no code"}`;
      return undefined;
    }
    try {
      const archive = new Uint8Array(inflateRawSync(received.message));
      const message = decode(ClientMessage, archive);
      const call = decode(CALLS, message.internal);
      const written = { ...message, internal: encode(CALLS, call) };
      const fault = difference(encodeHex(encode(ClientMessage, written)), encodeHex(archive));
      if (fault !== undefined) this.peer.faults.push(`the call of ${call.type}: ${fault}`);
      return { id: message.id, call };
    } catch (error) {
      this.ended = `the request cannot be read: ${error}`;
      return undefined;
    }
  }

  /** The next request of `exchange`; others are answered meanwhile. */
  async exchange(withinMs: number): Promise<Exchange | undefined> {
    while (true) {
      const request = await this.next(withinMs);
      if (request === undefined) return undefined;
      const { id, call } = request;
      if (call.type === "exchange") return { id, text: call.text };
      this.#answer(request);
    }
  }

  #answer(request: Request): void {
    const { id, call } = request;
    switch (call.type) {
      case "double": {
        this.#held.push(request);
        if (this.#held.length < this.#holdCount) return;
        const all = this.#held.splice(0).reverse();
        const ids = new Set(all.map(({ id }) => id));
        if (ids.size < all.length) this.peer.faults.push("two calls in flight have one id");
        this.#holdCount = 0;
        for (const { id, call } of all) {
          if (call.type === "double") this.respond(id, "double", 2 * call.value);
        }
        return;
      }
      case "fail":
        return this.#send({
          type: "RPCResponse",
          id,
          output: { err: { type: RPC_HANDLER_ERRORS[call.code]! } },
        });
      case "change":
        this.change(call);
        return this.respond(id, "change", undefined);
      case "emit": {
        const topic = { inner: encodeHex(call.topic), is_string: call.isText };
        this.emit(topic, { type: "note", text: call.text });
        return this.respond(id, "emit", undefined);
      }
    }
  }

  #send(message: Message, form: Form = FORMS[0]!): void {
    form.send(this.peer, encode(ServerMessage, message), SERVER_ROOT_BYTES);
  }

  /** The archive that answers a call. */
  answerTo(id: number, method: string, output: unknown): Uint8Array<ArrayBuffer> {
    const data = encode(OUTPUTS.get(method) as Schema<unknown>, output);
    return encode(ServerMessage, { type: "RPCResponse", id, output: { ok: data } });
  }

  /** Answer a call. */
  respond(id: number, method: string, output: unknown, form: Form = FORMS[0]!): void {
    form.send(this.peer, this.answerTo(id, method, output), SERVER_ROOT_BYTES);
  }

  /** Change fields of the state, and with `unknown` one that the service does not have. */
  change({ count, text }: Change, unknown = false): void {
    const updates: { index: number; data: Uint8Array<ArrayBuffer> }[] = [];
    if (count !== undefined) updates.push({ index: 0, data: encode(u32, count) });
    if (unknown) updates.push({ index: UNKNOWN_FIELD, data: encode(u32, 1) });
    if (text !== undefined) updates.push({ index: 1, data: encode(string, text) });
    this.#send({ type: "StateChange", value: [updates] });
  }

  /** Emit an event. */
  emit({ inner, is_string }: TopicSpec, event: Infer<typeof Conformance.event>): void {
    const topic = { inner: hexBytes(inner), is_string };
    const payload = encode(Conformance.event!, event);
    this.#send({ type: "NewEvent", topic, payload });
  }
}

function hexBytes(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (octet) => parseInt(octet, 16));
}
