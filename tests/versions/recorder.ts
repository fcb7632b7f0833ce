/**
 * {@linkcode record}: the messages between two peers over TCP, decoded.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import net from "node:net";
import tls from "node:tls";
import type { SelfSigned } from "../../tls/self_signed.ts";

/** One side's words on one connection. */
export interface Said {
  /** The request's or status line, and the header fields, sorted. */
  head: readonly string[];
  /** Payloads of the frames in order, in hex, unmasked, each after its first byte. */
  readonly frames: string[];
}

/** Both sides' words on one connection. */
export interface Exchange {
  readonly client: Said;
  readonly server: Said;
}

/** A proxy that records the traffic through it. */
export interface Recording extends AsyncDisposable {
  /** The port to connect to. */
  readonly port: number;
  /** The messages of each connection. */
  readonly exchanges: readonly Exchange[];
}

/** Decodes the bytes of one side. */
function listenTo(said: Said): (chunk: Uint8Array) => void {
  let bytes = Buffer.alloc(0);
  return (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    if (said.head.length === 0) {
      const end = bytes.indexOf("\r\n\r\n");
      if (end === -1) return;
      const [line = "", ...fields] = bytes.toString("latin1", 0, end).split("\r\n");
      said.head = [line, ...fields.sort()];
      bytes = bytes.subarray(end + 4);
    }
    for (;;) {
      if (bytes.length < 2) return;
      let length = bytes[1]! & 0x7f;
      let at = 2;
      if (length === 126 && bytes.length >= 4) [length, at] = [bytes.readUInt16BE(2), 4];
      else if (length > 125) throw new RangeError("no test sends so much at once");
      const isMasked = bytes[1]! >= 0x80;
      const mask = isMasked ? bytes.subarray(at, at += 4) : undefined;
      if (bytes.length < at + length) return;
      const payload = Buffer.from(bytes.subarray(at, at + length));
      if (mask !== undefined) payload.forEach((byte, i) => payload[i] = byte ^ mask[i & 3]!);
      said.frames.push(`${bytes[0]!.toString(16)} ${payload.toString("hex")}`);
      bytes = bytes.subarray(at + length);
    }
  };
}

/** Stand before a port of this machine; with a certificate between two connections over TLS. */
export async function record(targetPort: number, secure?: SelfSigned): Promise<Recording> {
  const exchanges: Exchange[] = [];
  const sockets = new Set<net.Socket>();
  const target = { host: "127.0.0.1", port: targetPort };
  const onSocket = (near: net.Socket): void => {
    const far = secure ? tls.connect({ ...target, ca: secure.cert }) : net.connect(target);
    const exchange = { client: { head: [], frames: [] }, server: { head: [], frames: [] } };
    exchanges.push(exchange);
    for (
      const [from, to, said] of [[near, far, exchange.client], [
        far,
        near,
        exchange.server,
      ]] as const
    ) {
      const listen = listenTo(said);
      sockets.add(from);
      from.on("data", (chunk: Uint8Array) => {
        listen(chunk);
        to.write(chunk);
      });
      from.on("end", () => to.end());
      from.on("error", () => to.destroy());
      from.on("close", () => sockets.delete(from));
    }
  };
  const { cert, key } = secure ?? {};
  const server = secure ? tls.createServer({ cert, key }, onSocket) : net.createServer(onSocket);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    exchanges,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
