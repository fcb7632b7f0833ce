/**
 * socket.io: https://socket.io/docs/v4/performance-tuning/. Only WebSocket, no polling first.
 *
 * @module
 */
// deno-lint-ignore-file no-explicit-any
import { createServer } from "node:http";
import { listening } from "./listening.ts";
import { load } from "./load.ts";
import { RUNTIME } from "./native.ts";
import { HOST, type RpcPeer } from "./types.ts";

const onConnection = (socket: any): void =>
  socket.on(
    "add",
    ({ amount }: { amount: number }, answer: (value: number) => void) => answer(amount + 1),
  );

/** `emitWithAck`; on Bun on `@socket.io/bun-engine`. */
export const peer: RpcPeer = {
  async serve() {
    const { Server } = await load("socket.io");
    if (RUNTIME === "bun") {
      const { Server: Engine } = await load("@socket.io/bun-engine");
      const io = new Server();
      const engine = new Engine({ path: "/socket.io/" });
      io.bind(engine);
      io.on("connection", onConnection);
      const { serve } = (globalThis as any).Bun;
      return serve({ ...engine.handler(), port: 0, hostname: HOST }).port;
    }
    const http = createServer();
    const io = new Server(http, {
      transports: ["websocket"],
      serveClient: false,
    });
    io.on("connection", onConnection);
    return await listening(http);
  },
  async open(port) {
    const { io } = await load("socket.io-client");
    const socket = io(`http://${HOST}:${port}`, {
      transports: ["websocket"],
      forceNew: true,
    });
    await new Promise((resolve, reject) => {
      socket.on("connect", resolve);
      socket.on("connect_error", reject);
    });
    return {
      add: (amount) => socket.emitWithAck("add", { amount }),
      close: () => socket.close(),
    };
  },
};
