/**
 * What HardLight's calls are measured beside. Each peer is set up as its own documentation does, with
 * compression off and without validators, and answers `add({ amount })` with `amount + 1`.
 *
 * @module
 */
// deno-lint-ignore-file no-explicit-any
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { connect } from "../../client.ts";
import { rpc, service, u32 } from "../../mod.ts";
import { serve } from "../../server.ts";
import { ADDER } from "./adder.ts";

/** One way to call a function over the network. */
export interface RpcPeer {
  /** Its name, with the package's version. */
  readonly name: string;
  /** How it was set up. */
  readonly setup: string;
  /** Listen in this process; the port. */
  serve(): Promise<number>;
  /** Connect, and give the call. */
  open(port: number): Promise<RpcClient>;
}

/** A connected client. */
export interface RpcClient {
  /** Call, and give what was answered. */
  add(amount: number): Promise<number>;
  /** Hang up. */
  close(): unknown;
}

const { dependencies } = JSON.parse(
  readFileSync(new URL("package.json", import.meta.url), "utf8"),
) as { readonly dependencies: Readonly<Record<string, string>> };

/** Deno takes packages by name and version, Bun from `node_modules` beside this file. */
async function load(name: string, path = ""): Promise<any> {
  return await import(
    "Deno" in globalThis ? `npm:${name}@${dependencies[name]}${path}` : name + path
  );
}

const HOST = "127.0.0.1";

const Adder = service({ rpc: { add: rpc({ amount: u32 }, u32) } });
const Counting = service({
  rpc: { add: rpc({ amount: u32 }, u32) },
  state: { total: u32 },
});

/** A `ws` server, which all of the WebSocket peers document. */
async function webSocketServer(): Promise<{ server: any; port: number }> {
  const { WebSocketServer } = await load("ws");
  const server = new WebSocketServer({
    port: 0,
    host: HOST,
    perMessageDeflate: false,
  });
  await new Promise((resolve) => server.on("listening", resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

/** The client of `ws`: Deno's own `WebSocket` leaves Nagle's algorithm on, 44 ms for two messages in a row. */
async function openWebSocket(port: number): Promise<any> {
  const { WebSocket: Socket } = await load("ws");
  const socket = new Socket(`ws://${HOST}:${port}`, {
    perMessageDeflate: false,
  });
  socket.binaryType = "arraybuffer";
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error(`Cannot connect to port ${port}`));
  });
  return socket;
}

function listening(server: any): Promise<number> {
  return new Promise((resolve) =>
    server.listen(
      0,
      HOST,
      () => resolve((server.address() as AddressInfo).port),
    )
  );
}

const hardlight: RpcPeer = {
  name: "hardlight",
  setup: "`serve()` and `connect()`",
  async serve() {
    const server = await serve(
      Adder,
      { port: 0, hostname: HOST, tls: "plain" },
      () => ({
        add: ({ amount }) => amount + 1,
      }),
    );
    return server.port;
  },
  async open(port) {
    const client = await connect(Adder, `ws://${HOST}:${port}`);
    return {
      add: (amount) => client.rpc.add({ amount }),
      close: () => client.close(),
    };
  },
};

const hardlightState: RpcPeer = {
  name: "hardlight, changing state",
  setup: "the same; each call also changes a field of the connection state, which is sent first",
  async serve() {
    const server = await serve(Counting, {
      port: 0,
      hostname: HOST,
      tls: "plain",
    }, ({ state }) => ({
      add({ amount }) {
        state.total++;
        return amount + 1;
      },
    }));
    return server.port;
  },
  async open(port) {
    const client = await connect(Counting, `ws://${HOST}:${port}`);
    return {
      add: (amount) => client.rpc.add({ amount }),
      close: () => client.close(),
    };
  },
};

const msgpackr: RpcPeer = {
  name: `msgpackr ${dependencies["msgpackr"]} by hand`,
  setup: "an id and an object in `msgpackr`, with records, over `ws` on both sides",
  async serve() {
    const { Packr } = await load("msgpackr");
    const { server, port } = await webSocketServer();
    server.on("connection", (socket: any) => {
      const packr = new Packr();
      socket.on("message", (data: Uint8Array) => {
        const { id, amount } = packr.unpack(data);
        socket.send(packr.pack({ id, result: amount + 1 }));
      });
    });
    return port;
  },
  async open(port) {
    const { Packr } = await load("msgpackr");
    const socket = await openWebSocket(port);
    const packr = new Packr();
    const waiting = new Map<number, (value: number) => void>();
    let next = 0;
    socket.onmessage = ({ data }: { data: ArrayBuffer }) => {
      const { id, result } = packr.unpack(new Uint8Array(data));
      waiting.get(id)?.(result);
      waiting.delete(id);
    };
    return {
      add: (amount) =>
        new Promise((resolve) => {
          const id = next++;
          waiting.set(id, resolve);
          socket.send(packr.pack({ id, amount }));
        }),
      close: () => socket.close(),
    };
  },
};

const capnweb: RpcPeer = {
  name: `Cap'n Web ${dependencies["capnweb"]}`,
  setup: "`newWebSocketRpcSession` and `ws` on both sides",
  async serve() {
    const { newWebSocketRpcSession, RpcTarget } = await load("capnweb");
    class Api extends RpcTarget {
      add({ amount }: { amount: number }): number {
        return amount + 1;
      }
    }
    const { server, port } = await webSocketServer();
    server.on(
      "connection",
      (socket: any) => newWebSocketRpcSession(socket, new Api()),
    );
    return port;
  },
  async open(port) {
    const { newWebSocketRpcSession } = await load("capnweb");
    const socket = await openWebSocket(port);
    const stub = newWebSocketRpcSession(socket);
    return {
      add: async (amount) => await stub.add({ amount }),
      close: () => socket.close(),
    };
  },
};

const trpc: RpcPeer = {
  name: `tRPC ${dependencies["@trpc/server"]}`,
  setup: "`applyWSSHandler` on `ws`, `wsLink` on `ws`, no transformer",
  async serve() {
    const { initTRPC } = await load("@trpc/server");
    const { applyWSSHandler } = await load("@trpc/server", "/adapters/ws");
    const t = initTRPC.create();
    const router = t.router({
      add: t.procedure.input((value: unknown) => value).mutation((
        { input }: any,
      ) => input.amount + 1),
    });
    const { server, port } = await webSocketServer();
    applyWSSHandler({ wss: server, router });
    return port;
  },
  async open(port) {
    const { createTRPCClient, createWSClient, wsLink } = await load(
      "@trpc/client",
    );
    const { WebSocket } = await load("ws");
    const ws = createWSClient({ url: `ws://${HOST}:${port}`, WebSocket });
    const client = createTRPCClient({ links: [wsLink({ client: ws })] });
    return {
      add: (amount) => client.add.mutate({ amount }),
      close: () => ws.close(),
    };
  },
};

const orpc: RpcPeer = {
  name: `oRPC ${dependencies["@orpc/server"]}`,
  setup: "`RPCHandler` of `@orpc/server/ws` on `ws`, `RPCLink` of `@orpc/client/websocket` on `ws`",
  async serve() {
    const { os } = await load("@orpc/server");
    const { RPCHandler } = await load("@orpc/server", "/ws");
    const handler = new RPCHandler({
      add: os.handler(({ input }: any) => input.amount + 1),
    });
    const { server, port } = await webSocketServer();
    server.on(
      "connection",
      (socket: any) => handler.upgrade(socket, { context: {} }),
    );
    return port;
  },
  async open(port) {
    const { createORPCClient } = await load("@orpc/client");
    const { RPCLink } = await load("@orpc/client", "/websocket");
    const websocket = await openWebSocket(port);
    const client = createORPCClient(new RPCLink({ websocket }));
    return {
      add: (amount) => client.add({ amount }),
      close: () => websocket.close(),
    };
  },
};

const socketIo: RpcPeer = {
  name: `socket.io ${dependencies["socket.io"]}`,
  setup: "`emitWithAck`, WebSocket only, no compression",
  async serve() {
    const { Server } = await load("socket.io");
    const http = createServer();
    const io = new Server(http, {
      transports: ["websocket"],
      perMessageDeflate: false,
    });
    io.on(
      "connection",
      (socket: any) =>
        socket.on(
          "add",
          ({ amount }: any, answer: (value: number) => void) => answer(amount + 1),
        ),
    );
    return await listening(http);
  },
  async open(port) {
    const { io } = await load("socket.io-client");
    const socket = io(`http://${HOST}:${port}`, { transports: ["websocket"] });
    await new Promise((resolve) => socket.on("connect", resolve));
    return {
      add: (amount) => socket.emitWithAck("add", { amount }),
      close: () => socket.close(),
    };
  },
};

const rpcWebsockets: RpcPeer = {
  name: `rpc-websockets ${dependencies["rpc-websockets"]}`,
  setup: "its `Server` and `Client`",
  async serve() {
    const { Server } = await load("rpc-websockets");
    const server = new Server({ port: 0, host: HOST });
    server.register("add", ({ amount }: any) => amount + 1);
    await new Promise((resolve) => server.on("listening", resolve));
    return (server.wss.address() as AddressInfo).port;
  },
  async open(port) {
    const { Client } = await load("rpc-websockets");
    const client = new Client(`ws://${HOST}:${port}`);
    await new Promise((resolve) => client.on("open", resolve));
    return {
      add: (amount) => client.call("add", { amount }),
      close: () => client.close(),
    };
  },
};

const grpc: RpcPeer = {
  name: `@grpc/grpc-js ${dependencies["@grpc/grpc-js"]}`,
  setup: "unary call over HTTP/2 without TLS, `@grpc/proto-loader`",
  async serve() {
    const { loadPackageDefinition, Server, ServerCredentials } = await load(
      "@grpc/grpc-js",
    );
    const { fromJSON } = await load("@grpc/proto-loader");
    const { bench } = loadPackageDefinition(fromJSON(ADDER.json)) as any;
    const server = new Server();
    server.addService(bench.Adder.service, {
      add: ({ request }: any, answer: any) => answer(null, { sum: request.amount + 1 }),
    });
    return await new Promise((resolve, reject) =>
      server.bindAsync(
        `${HOST}:0`,
        ServerCredentials.createInsecure(),
        (error: Error | null, port: number) => error ? reject(error) : resolve(port),
      )
    );
  },
  async open(port) {
    const { credentials, loadPackageDefinition } = await load("@grpc/grpc-js");
    const { fromJSON } = await load("@grpc/proto-loader");
    const { bench } = loadPackageDefinition(fromJSON(ADDER.json)) as any;
    const client = new bench.Adder(
      `${HOST}:${port}`,
      credentials.createInsecure(),
    );
    return {
      add: (amount) =>
        new Promise((resolve, reject) =>
          client.add(
            { amount },
            (error: Error | null, answer: any) => error ? reject(error) : resolve(answer.sum),
          )
        ),
      close: () => client.close(),
    };
  },
};

const connectRpc: RpcPeer = {
  name: `Connect ${dependencies["@connectrpc/connect"]}`,
  setup: "`connectNodeAdapter` on `node:http2`, `createConnectTransport` with HTTP/2, binary",
  async serve() {
    const { connectNodeAdapter } = await load("@connectrpc/connect-node");
    const { Adder: schema } = ADDER.describe(
      await load("@bufbuild/protobuf"),
      await load("@bufbuild/protobuf", "/wkt"),
    );
    const server = http2.createServer(connectNodeAdapter({
      routes: (router: any) =>
        router.service(schema, {
          add: ({ amount }: any) => ({ sum: amount + 1 }),
        }),
    }));
    return await listening(server);
  },
  async open(port) {
    const { createClient } = await load("@connectrpc/connect");
    const { createConnectTransport } = await load("@connectrpc/connect-node");
    const { Adder: schema } = ADDER.describe(
      await load("@bufbuild/protobuf"),
      await load("@bufbuild/protobuf", "/wkt"),
    );
    const client = createClient(
      schema,
      createConnectTransport({
        baseUrl: `http://${HOST}:${port}`,
        httpVersion: "2",
        useBinaryFormat: true,
      }),
    );
    return {
      add: async (amount) => (await client.add({ amount })).sum,
      close() {},
    };
  },
};

/** All of them, HardLight first. */
export const RPC_PEERS: readonly RpcPeer[] = [
  hardlight,
  hardlightState,
  msgpackr,
  capnweb,
  trpc,
  orpc,
  socketIo,
  rpcWebsockets,
  grpc,
  connectRpc,
];
