/**
 * Serves {@linkcode Echo} on sockets of the package `ws` until its input ends. The path selects extra behaviour
 * of each socket. Prints its port; `GET /` returns the close codes of clients.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { type WebSocket, WebSocketServer } from "ws";
import { handler, type StandardSocket } from "../../server.ts";
import { Echo } from "./conformance_frames.ts";

const mounted = handler(Echo, {}, () => ({
  echo: ({ value }) => value,
  repeat: ({ octets }) => octets,
}));

/** The behaviour instead of sending one message. */
const SENDERS: Readonly<Record<string, (ws: WebSocket, message: Buffer) => void>> = {
  "/plain": (ws, message) => ws.send(message),
  "/fragments": (ws, message) => {
    const third = Math.ceil(message.length / 3);
    ws.send(message.subarray(0, third), { binary: true, fin: false });
    ws.ping("between");
    ws.send(message.subarray(third, 2 * third), { binary: true, fin: false });
    ws.pong("unsolicited");
    ws.send(message.subarray(2 * third), { binary: true, fin: true });
  },
  "/octets": (ws, message) => {
    for (const octet of message) ws.send(Buffer.of(octet), { binary: true, fin: false });
    ws.send(Buffer.alloc(0), { binary: true, fin: true });
  },
  "/pings": (ws, message) => {
    for (let i = 0; i < 10; i++) ws.ping(Buffer.alloc(125, i));
    ws.send(message);
  },
  "/text": (ws, message) => {
    ws.send("Grüße");
    ws.send(message);
  },
  "/terminate": (ws) => ws.terminate(),
};

function senderOf(path: string): (ws: WebSocket, message: Buffer) => void {
  const code = Number(/^\/close\/(\d+)$/.exec(path)?.[1]);
  return SENDERS[path] ?? ((ws) => code === 1005 ? ws.close() : ws.close(code, "bye"));
}

const codes: number[] = [];
const pongs: string[] = [];
const http = createServer((_, response) => response.end(JSON.stringify({ codes, pongs })));
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });

http.on("upgrade", async (request, socket, head) => {
  const url = new URL(request.url ?? "/", `http://${request.headers.host}`);
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value));
  const decision = await mounted.upgrade(new Request(url, { headers }));
  if (decision instanceof Response) return socket.destroy();
  delete request.headers["sec-websocket-protocol"];
  sockets.once("headers", (lines: string[]) => {
    for (const [name, value] of Object.entries(decision.headers)) lines.push(`${name}: ${value}`);
  });
  sockets.handleUpgrade(request, socket, head, (ws: WebSocket) => {
    const send = senderOf(url.pathname);
    ws.on("close", (code: number) => codes.push(code));
    ws.on("pong", (payload: Uint8Array) => pongs.push(Buffer.from(payload).toString("hex")));
    const standard: StandardSocket = {
      get readyState() {
        return ws.readyState;
      },
      get bufferedAmount() {
        return ws.bufferedAmount;
      },
      send: (message) => send(ws, Buffer.from(message)),
      close: (code, reason) => ws.close(code, reason),
      terminate: () => ws.terminate(),
      addEventListener: (type, listener) => ws.addEventListener(type, listener),
    };
    ws.binaryType = "arraybuffer";
    decision.accept(standard);
  });
});

http.listen(0, "127.0.0.1", () => {
  process.stdout.write(`${(http.address() as AddressInfo).port}\n`);
});
process.stdin.resume();
process.stdin.once("end", () => process.exit(0));
