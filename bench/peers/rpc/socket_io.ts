/**
 * socket.io: https://socket.io/docs/v4/. `emitWithAck` and rooms; only WebSocket, no polling first, so that turns are
 * alike. `perMessageDeflate` is off by default.
 *
 * @module
 */
import { createServer } from "node:http";
import { listening } from "./listening.ts";
import { load } from "./load.ts";
import { bunServe, RUNTIME } from "./native.ts";
import { EVENT, greet, HOST, type RpcPeer } from "./types.ts";

interface ServedSocket {
  on(event: string, listener: (...args: never[]) => void): void;
  join(room: string): void;
}

interface Io {
  on(event: "connection", listener: (socket: ServedSocket) => void): void;
  to(room: string): { emit(event: string, text: string): void };
  bind(engine: unknown): void;
}

interface ClientSocket {
  on(event: string, listener: (...args: never[]) => void): void;
  emitWithAck<T>(event: string, ...args: readonly unknown[]): Promise<T>;
  close(): void;
}

interface Engine {
  handler(): object;
}

function serving(io: Io): void {
  io.on("connection", (socket) => {
    socket.on("add", (a: number, b: number, answer: (value: number) => void) => answer(a + b));
    socket.on("echo", (octets: Uint8Array, answer: (value: Uint8Array) => void) => answer(octets));
    socket.on("say", (text: string, answer: (value: string) => void) => answer(text));
    socket.on("hello", (text: string, answer: (value: unknown) => void) => answer(greet(text)));
    socket.on("listen", (answer: () => void) => {
      socket.join("all");
      answer();
    });
    socket.on("emit", (answer: () => void) => {
      io.to("all").emit("event", EVENT);
      answer();
    });
  });
}

/** `emitWithAck`; on Bun on `@socket.io/bun-engine`. */
export const peer: RpcPeer = {
  async serve() {
    const { Server } = await load<{ Server: new (http?: unknown, options?: object) => Io }>(
      "socket.io",
    );
    if (RUNTIME === "bun") {
      const { Server: Engine } = await load<{ Server: new (options: object) => Engine }>(
        "@socket.io/bun-engine",
      );
      const io = new Server();
      const engine = new Engine({ path: "/socket.io/" });
      io.bind(engine);
      serving(io);
      return bunServe(engine.handler()).port;
    }
    const http = createServer();
    const io = new Server(http, {
      transports: ["websocket"],
      serveClient: false,
    });
    serving(io);
    return await listening(http);
  },
  async open(port) {
    const { io } = await load<{ io(url: string, options: object): ClientSocket }>(
      "socket.io-client",
    );
    const socket = io(`http://${HOST}:${port}`, {
      transports: ["websocket"],
      forceNew: true,
    });
    await new Promise<void>((resolve, reject) => {
      socket.on("connect", resolve);
      socket.on("connect_error", reject);
    });
    return {
      add: (a, b) => socket.emitWithAck("add", a, b),
      echo: (octets) => socket.emitWithAck("echo", octets),
      say: (text) => socket.emitWithAck("say", text),
      hello: (text) => socket.emitWithAck("hello", text),
      async listen(onEvent) {
        socket.on("event", onEvent);
        await socket.emitWithAck("listen");
      },
      emit: () => socket.emitWithAck("emit"),
      close: () => socket.close(),
    };
  },
};
