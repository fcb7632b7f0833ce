/**
 * {@linkcode FakePeer}: a scripted server at the other end of a transport.
 *
 * @module
 */
import { deflateRawSync } from "node:zlib";
import { interpret, readArchive } from "../../codec/archive.ts";
import type { Schema } from "../../codec/mod.ts";
import { Reader } from "../../codec/reader.ts";
import { Writer } from "../../codec/writer.ts";
import type { MethodInfo } from "../../service/types.ts";
import type { RpcHandlerErrorCode } from "../../wire/errors.ts";
import { RPC_REQUEST } from "../../wire/layout.ts";
import { ClientMessage, readClientMessage } from "../../wire/client_message_reader.ts";
import { writeErrorResponse, writeEvent, writeResponse } from "../../wire/server_message_writer.ts";
import type { Topic } from "../../wire/topic.ts";
import type { CloseInfo, Dialer, Transport, TransportListener } from "../../wire/transport.ts";
import { encode } from "../../codec/mod.ts";
import { archivesOf, isRaw } from "./short_messages.ts";
import { writeStateChange } from "./state_change.ts";

/** A received call. */
export interface FakeRequest {
  /** Its id. */
  readonly id: number;
  /** The archived call. */
  readonly call: Uint8Array<ArrayBuffer>;
}

/** Another received message, of the extension. */
export interface FakeSaid {
  /** `Cancel`, `Item`, `End`, `Grant`, `Reply` or `Failed`. */
  readonly kind: string;
  /** Its id. */
  readonly id: number;
  /** Of an `Item` or a `Reply`: its archive. Of an `End`: whether it failed. Of a `Grant`: bytes. Of a `Failed`: the code. */
  readonly what: Uint8Array<ArrayBuffer> | boolean | number | string | undefined;
}

const KINDS = ["", "Cancel", "Item", "End", "Grant", "Reply", "Failed"];

/** One connection. Messages arrive at once, in the same turn. */
export class FakePeer implements Transport {
  bufferedAmount = 0;
  /** Received calls. */
  readonly requests: FakeRequest[] = [];
  /** Other received messages. */
  readonly said: FakeSaid[] = [];
  /** Whether the extension `x1` was agreed on. */
  extended = false;
  /** The client's close. */
  closedWith: CloseInfo | undefined;
  /** Whether the client ended without a handshake. */
  terminated = false;
  /** Whether a close by the client is answered. */
  answersClose = true;
  #listener: TransportListener | undefined;
  #info: CloseInfo | undefined;

  /** The owner of the transport. */
  attach(listener: TransportListener): void {
    this.#listener = listener;
    // The owner may have ended the transport in the callback.
    if (this.#info !== undefined) listener.onClose(this.#info);
  }

  readonly #raw = { id: -1 };

  send(message: Uint8Array<ArrayBuffer>): void {
    if (isRaw(message, this.#raw)) {
      this.said.push({ kind: "RawItem", id: this.#raw.id, what: message.slice() });
      return;
    }
    for (const archive of archivesOf(message, "client", this.#raw)) this.#receive(archive);
  }

  #receive(bytes: Uint8Array): void {
    const reader = new Reader();
    reader.reset(bytes);
    const into = new ClientMessage();
    readClientMessage(reader, 0, bytes.length, into, this.extended ? 1 : 0);
    const { id } = into;
    const archive = bytes.slice(into.start, into.end);
    if (into.kind === RPC_REQUEST) {
      this.requests.push({ id, call: archive });
      return;
    }
    const kind = KINDS[into.kind]!;
    const what = {
      Item: archive,
      Reply: archive,
      End: into.failed,
      Grant: into.bytes,
      Failed: into.code,
    }[kind];
    this.said.push({ kind, id, what });
  }

  close(code: number, reason: string): void {
    this.closedWith ??= { code, reason };
    if (this.answersClose) this.end(code, reason);
  }

  terminate(): void {
    this.terminated = true;
    this.end(1006, "Terminated");
  }

  /** The arguments of request `index`, decoded as a call of `method`. */
  argsOf(index: number, method: MethodInfo): unknown {
    const { call } = this.requests[index]!;
    const reader = new Reader();
    reader.reset(call);
    return readArchive(interpret, method.call, reader, 0, call.length);
  }

  /** Send bytes as they are. */
  bytes(message: Uint8Array): void {
    this.#listener?.onMessage(message);
  }

  /** Send what may be several messages in one, as a transport hands them over. */
  batch(message: Uint8Array): void {
    for (let from = 0; from < message.length && this.closedWith === undefined;) {
      from += Math.abs(this.#listener?.onMessage(message, from) ?? message.length);
    }
  }

  /** Send an archive, deflated. */
  archive(write: (writer: Writer) => void): void {
    const writer = new Writer();
    write(writer);
    this.bytes(new Uint8Array(deflateRawSync(writer.bytes.subarray(0, writer.position))));
  }

  /** Answer a call. */
  reply<T>(id: number, output: Schema<T>, value: T): void {
    this.archive((writer) => writeResponse(interpret, writer, id, output, value));
  }

  /** Fail a call. */
  replyError(id: number, code: RpcHandlerErrorCode): void {
    this.archive((writer) => writeErrorResponse(writer, id, code));
  }

  /** Send an event. */
  event(topic: Topic, payload: Uint8Array): void {
    this.archive((writer) => writeEvent(writer, topic, payload));
  }

  /** Send changed fields: their index, and their value or archive. */
  state(
    ...updates: readonly (readonly [index: number, schema: Schema<unknown>, value: unknown])[]
  ): void {
    this.archive((writer) =>
      writeStateChange(
        writer,
        updates.map(([index, schema, value]) => ({
          index,
          data: encode(schema, value),
        })),
      )
    );
  }

  /** End the connection. */
  end(code = 1006, reason = "The peer hung up"): void {
    if (this.#info !== undefined) return;
    this.#info = { code, reason };
    this.#listener?.onClose(this.#info);
  }
}

/** A dialer that connects to one peer after the other, each created by `make`. */
export function fakeDialer(
  make: (attempt: number) => FakePeer | Error,
  protocol = "hl/2",
): { dial: Dialer; peers: FakePeer[]; urls: string[] } {
  const peers: FakePeer[] = [];
  const urls: string[] = [];
  return {
    peers,
    urls,
    dial: (request, open) => {
      urls.push(request.url);
      const peer = make(urls.length - 1);
      if (peer instanceof Error) return Promise.reject(peer);
      peers.push(peer);
      peer.attach(open(peer, { protocol }));
      return Promise.resolve();
    },
  };
}
