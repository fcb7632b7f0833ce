/**
 * Sends back the bytes it is called with; `--ws` is a raw server of the package `ws` with
 * permessage-deflate.
 *
 * @module
 */
import type { AddressInfo } from "node:net";
import process from "node:process";
import { WebSocketServer } from "ws";
import { bytes, rpc, service } from "../../mod.ts";
import { serve } from "../../server.ts";
import { announce } from "./stdio.ts";

/** Bytes there and back. */
export const Payload = service({ rpc: { echo: rpc({ data: bytes }, bytes) } });

interface Socket {
  send(data: unknown): void;
  on(event: "message", listener: (data: unknown) => void): void;
}

async function servePlain(): Promise<number> {
  const server = await serve(
    Payload,
    { port: 0, hostname: "127.0.0.1", tls: "plain", limits: { maxMessageBytes: 4 << 20 } },
    () => ({ echo: ({ data }) => data }),
  );
  return server.port;
}

async function serveWs(): Promise<number> {
  const server = new WebSocketServer({
    port: 0,
    host: "127.0.0.1",
    perMessageDeflate: { threshold: 0 },
  });
  server.on("connection", (socket: Socket) => socket.on("message", (data) => socket.send(data)));
  await new Promise<void>((resolve) => server.on("listening", () => resolve()));
  return (server.address() as AddressInfo).port;
}

if (import.meta.main) {
  await announce(await (process.argv.includes("--ws") ? serveWs() : servePlain()), undefined);
}
