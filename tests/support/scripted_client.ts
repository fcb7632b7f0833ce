/**
 * {@linkcode ScriptedClient}: a scripted client at the other end of a server's transport.
 *
 * @module
 */
import { deflateRawSync } from "node:zlib";
import { interpret, readArchive } from "../../codec/archive.ts";
import type { Schema } from "../../codec/mod.ts";
import { Reader } from "../../codec/reader.ts";
import { Writer } from "../../codec/writer.ts";
import type { AcceptingCore } from "../../server/server_core.ts";
import { MESSAGE_ALIGN, SERVER_ITEM, SERVER_MESSAGE_BYTES } from "../../wire/layout.ts";
import { writeRequest } from "../../wire/client_message_writer.ts";
import { readServerExtension } from "../../wire/server_extension.ts";
import type { CloseInfo, Transport, TransportListener, Upgrade } from "../../wire/transport.ts";
import { writeRawRequest } from "./raw_request.ts";
import { archivesOf, isRaw } from "./short_messages.ts";
import { serverMessage } from "./server_message.ts";

/** A client's upgrade request. */
export function upgradeRequest(headers: Record<string, string> = {}, path = "/"): Request {
  return new Request(`http://localhost:1${path}`, {
    headers: { host: "localhost:1", "sec-websocket-protocol": "hl/2", ...headers },
  });
}

/** One connection. Both directions are delivered in the same turn. */
export class ScriptedClient implements Transport {
  bufferedAmount = 0;
  /** Whether its socket goes on after it has ended. */
  lingers: "closing" | "stuck" | undefined;
  /** The server's messages, in words: `"response 3 07000000"`. */
  readonly received: string[] = [];
  /** The server's close. */
  closedWith: CloseInfo | undefined;
  /** How often the server ended without a handshake. */
  terminated = 0;
  /** Whether a close by the server is answered. */
  answersClose = true;
  #listener: TransportListener | undefined;

  /** Connect to a server. */
  static async connect(
    core: AcceptingCore<never>,
    request = upgradeRequest(),
  ): Promise<ScriptedClient> {
    const upgrade = await core.acceptor.upgrade(request, { address: "test" });
    if (upgrade instanceof Response) throw new TypeError(`refused: ${upgrade.status}`);
    return new ScriptedClient().open(upgrade);
  }

  /** Open an upgrade that was accepted. */
  open(upgrade: Upgrade): this {
    this.#listener = upgrade.open(this);
    return this;
  }

  readonly #raw = { id: -1 };

  send(message: Uint8Array<ArrayBuffer>): void {
    if (isRaw(message, this.#raw)) {
      this.received.push(`item ${this.#raw.id} raw ${message.length}`);
      return;
    }
    for (const archive of archivesOf(message, "server", this.#raw)) this.#receive(archive);
  }

  #receive(bytes: Uint8Array): void {
    const reader = new Reader();
    reader.reset(bytes);
    const hex = (start: number, end: number) => {
      let text = "";
      for (const byte of bytes.subarray(start, end)) text += byte.toString(16).padStart(2, "0");
      return text;
    };
    const at = bytes.length - SERVER_MESSAGE_BYTES;
    const kind = bytes[at] ?? -1;
    if (kind >= SERVER_ITEM) {
      reader.open(0, bytes.length);
      reader.root(SERVER_MESSAGE_BYTES, MESSAGE_ALIGN);
      return readServerExtension(reader, kind, at, [
        (id, start, end) => this.received.push(`item ${id} ${hex(start, end)}`),
        (id, room) => this.received.push(`grant ${id} ${room}`),
        (id, start, end) => this.received.push(`call ${id} ${hex(start, end)}`),
        (id) => this.received.push(`cancel ${id}`),
      ]);
    }
    const into = serverMessage(reader, 0, bytes.length);
    if (into.kind === 0) {
      this.received.push(
        `${into.ok ? "response" : "error"} ${into.id} ${
          into.ok ? hex(into.start, into.end) : into.errorCode
        }`,
      );
    } else if (into.kind === 1) {
      this.received.push(`event ${into.topic} ${hex(into.start, into.end)}`);
    } else {
      const updates = into.updates.map(({ index, start, end }) => `${index}=${hex(start, end)}`);
      this.received.push(`state ${updates.join(" ")}`);
    }
  }

  close(code: number, reason: string): void {
    this.closedWith ??= { code, reason };
    if (!this.answersClose) return;
    this.bufferedAmount = 0;
    this.#listener?.onClose({ code, reason });
  }

  terminate(): void {
    this.terminated++;
  }

  /** Close the connection. */
  hangUp(): void {
    this.#listener?.onClose({ code: 1006, reason: "" });
  }

  /** The socket has closed too. */
  gone(): void {
    this.lingers = undefined;
    this.#listener?.onGone?.();
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

  /** Send the archive that `write` makes. */
  write(write: (writer: Writer) => void): void {
    const writer = new Writer();
    write(writer);
    this.bytes(new Uint8Array(deflateRawSync(writer.bytes.subarray(0, writer.position))));
  }

  /** Call a method. */
  call(id: number, schema: Schema<unknown>, args: unknown = {}): void {
    this.write((writer) => writeRequest(interpret, writer, id, schema, args));
  }

  /** Call with bytes. */
  rawCall(id: number, call: Uint8Array): void {
    this.write((writer) => writeRawRequest(writer, id, call));
  }

  /** The messages received since the last call. */
  take(): string[] {
    return this.received.splice(0);
  }
}

/** Read a hex archive. */
export function readHex<T>(schema: Schema<T>, hex: string): T {
  const reader = new Reader();
  reader.reset(Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16)));
  return readArchive(interpret, schema, reader, 0, hex.length / 2);
}
