/**
 * Connections as plain sockets of this process with a handwritten handshake: they cost little, so that many fit.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import net from "node:net";
import tls from "node:tls";
import { interpret } from "../codec/archive.ts";
import { Writer } from "../codec/writer.ts";
import { deflateStored, storedSize } from "../deflate/stored.ts";
import { ALIAS } from "../wire/handshake.ts";
import { writeRequest } from "../wire/client_message_writer.ts";

/** Concurrent handshakes: more than the kernel queues would be refused. */
export const HANDSHAKES = 64;

/** The request of a client that offers these subprotocols. */
export const requestFor = (protocols: string): Buffer =>
  Buffer.from(
    [
      "GET / HTTP/1.1",
      "Host: localhost",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      `Sec-WebSocket-Protocol: ${protocols}`,
      "\r\n",
    ].join("\r\n"),
  );
/** A mask of zeros changes nothing. */
const MASK = [0, 0, 0, 0];
const PONG = Buffer.from([0x8a, 0x80, ...MASK]);
const PING_BYTE = 0x89;

/** The ids of a service's methods. */
interface Methods {
  readonly methods: readonly {
    readonly name: string;
    readonly call: Parameters<typeof writeRequest>[3];
  }[];
}

/** The message of a call, stored. */
function callPayload(service: Methods, method: string, args: object, id = 1): Uint8Array {
  const writer = new Writer();
  const found = service.methods.find(({ name }) => name === method);
  if (found === undefined) throw new TypeError(`The service has no method ${method}`);
  writeRequest(interpret, writer, id, found.call, args);
  const archive = writer.bytes.subarray(0, writer.position);
  const payload = new Uint8Array(storedSize(archive.length));
  deflateStored(archive, payload);
  return payload;
}

/** A frame of a client: a whole binary message, unless its first byte says otherwise. */
export function clientFrame(payload: Uint8Array, first = 0x82, masked = true): Buffer {
  const { length } = payload;
  const header = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  header[0] = first;
  header[1] = (masked ? 0x80 : 0) | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (header.length === 4) header.writeUInt16BE(length, 2);
  else if (header.length === 10) header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, Buffer.from(masked ? MASK : []), payload]);
}

/** The frame of a call, of the same id unless told; a raw server sends it back. */
export function callFrame(
  service: Methods,
  method: string,
  args: object,
  id?: number,
  masked?: boolean,
): Buffer {
  return clientFrame(callPayload(service, method, args, id), 0x82, masked);
}

/** Connect and shake hands. Pings are answered, and not passed to `onAnswer`. */
export function openPlain(
  port: number,
  secure = false,
  onAnswer: () => void = () => {},
  protocols: string = ALIAS,
): Promise<net.Socket> {
  const request = requestFor(protocols);
  const where = { host: "127.0.0.1", port, noDelay: true };
  const socket = secure ? tls.connect({ ...where, rejectUnauthorized: false }) : net.connect(where);
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("The connection ended")));
    socket.once(secure ? "secureConnect" : "connect", () => socket.write(request));
    socket.once("data", (answer: Uint8Array) => {
      if (!Buffer.from(answer).toString("latin1").startsWith("HTTP/1.1 101")) {
        return reject(new Error(`No upgrade: ${Buffer.from(answer).toString("latin1")}`));
      }
      socket.on("data", (frame: Uint8Array) => {
        if (frame[0] === PING_BYTE) socket.write(PONG);
        else onAnswer();
      });
      resolve(socket);
    });
  });
}

/** Open `count` connections, a few at a time. */
export async function openMany(
  count: number,
  open: () => Promise<net.Socket>,
): Promise<net.Socket[]> {
  const sockets: net.Socket[] = [];
  let left = count;
  await Promise.all(Array.from({ length: HANDSHAKES }, async () => {
    while (left-- > 0) sockets.push(await open());
  }));
  return sockets;
}
