/**
 * {@linkcode listenRaw}: the runtime's own WebSocket server, on Node that of `ws`, which sends back what it gets. On
 * `/twice` it sends it twice, as a call does that changes the state, and on `/all` to every socket there.
 *
 * @module
 */
import http from "node:http";
import https from "node:https";
import type { SelfSigned } from "../../tls/self_signed.ts";

interface EchoSocket {
  readonly data: { readonly path: string };
  send(message: Uint8Array): number;
  subscribe(topic: string): void;
}

interface NodeSocket {
  send(message: Uint8Array): void;
  on(event: "message", listener: (message: Uint8Array<ArrayBuffer>) => void): void;
}

interface Bun {
  serve(options: unknown): {
    readonly port: number;
    publish(topic: string, message: Uint8Array): number;
  };
}

/** Listen, with TLS if there is a certificate; returns the port. */
export async function listenRaw(certificate?: SelfSigned): Promise<number> {
  const bun = (globalThis as { readonly Bun?: Bun }).Bun;
  if (bun !== undefined) return listenBun(bun, certificate);
  return "Deno" in globalThis ? listenDeno(certificate) : await listenNode(certificate);
}

/** Sends back what came on a path. */
function answer<T extends { send(message: Uint8Array<ArrayBuffer>): void }>(
  message: Uint8Array<ArrayBuffer>,
  path: string,
  socket: T,
  all: ReadonlySet<T>,
): void {
  if (path === "/all") { for (const each of all) each.send(message); }
  else {
    socket.send(message);
    if (path === "/twice") socket.send(message);
  }
}

function listenDeno(certificate: SelfSigned | undefined): number {
  const all = new Set<WebSocket>();
  const accept = (request: Request): Response => {
    const path = new URL(request.url).pathname;
    const protocol = request.headers.get("sec-websocket-protocol");
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
    if (protocol !== null) response.headers.set("sec-websocket-protocol", protocol);
    socket.binaryType = "arraybuffer";
    if (path === "/all") socket.onopen = () => all.add(socket);
    socket.onmessage = ({ data }) => answer(data, path, socket, all);
    return response;
  };
  const { cert, key } = certificate ?? {};
  const options = { port: 0, hostname: "127.0.0.1", onListen(): void {} };
  const server = cert === undefined || key === undefined
    ? Deno.serve(options, accept)
    : Deno.serve({ ...options, cert, key }, accept);
  return server.addr.port;
}

async function listenNode(certificate: SelfSigned | undefined): Promise<number> {
  const { WebSocketServer } = await import("ws");
  const server = certificate === undefined ? http.createServer() : https.createServer(certificate);
  const all = new Set<NodeSocket>();
  new WebSocketServer({ server, perMessageDeflate: false })
    .on("connection", (socket: NodeSocket, { url = "" }: { url?: string }) => {
      if (url === "/all") all.add(socket);
      socket.on("message", (message) => answer(message, url, socket, all));
    });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function listenBun(runtime: Bun, certificate: SelfSigned | undefined): number {
  const server = runtime.serve({
    port: 0,
    hostname: "127.0.0.1",
    ...(certificate === undefined ? {} : { tls: certificate }),
    fetch(
      request: Request,
      server: { upgrade(request: Request, options: unknown): boolean },
    ): Response | undefined {
      const data = { path: new URL(request.url).pathname };
      return server.upgrade(request, { data }) ? undefined : new Response(null, { status: 400 });
    },
    websocket: {
      idleTimeout: 0,
      perMessageDeflate: false,
      open(socket: EchoSocket): void {
        if (socket.data.path === "/all") socket.subscribe("all");
      },
      message(socket: EchoSocket, message: Uint8Array): void {
        const { path } = socket.data;
        if (path === "/all") server.publish("all", message);
        else {
          socket.send(message);
          if (path === "/twice") socket.send(message);
        }
      },
    },
  });
  return server.port;
}
