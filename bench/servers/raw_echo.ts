/**
 * {@linkcode listenRaw}: the runtime's own WebSocket server, which sends back what it gets. On `/twice` it sends it
 * twice, as a call does that changes the state.
 *
 * @module
 */
import type { SelfSigned } from "../../tls/self_signed.ts";

interface EchoSocket {
  readonly data: { readonly twice: boolean };
  send(message: Uint8Array): number;
}

interface Bun {
  serve(options: unknown): { readonly port: number };
}

/** Listen, with TLS if there is a certificate; returns the port. */
export function listenRaw(certificate?: SelfSigned): number {
  const bun = (globalThis as { readonly Bun?: Bun }).Bun;
  return bun === undefined ? listenDeno(certificate) : listenBun(bun, certificate);
}

function listenDeno(certificate: SelfSigned | undefined): number {
  const accept = (request: Request): Response => {
    const twice = new URL(request.url).pathname === "/twice";
    const protocol = request.headers.get("sec-websocket-protocol");
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
    if (protocol !== null) response.headers.set("sec-websocket-protocol", protocol);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => {
      socket.send(data);
      if (twice) socket.send(data);
    };
    return response;
  };
  const { cert, key } = certificate ?? {};
  const options = { port: 0, hostname: "127.0.0.1", onListen(): void {} };
  const server = cert === undefined || key === undefined
    ? Deno.serve(options, accept)
    : Deno.serve({ ...options, cert, key }, accept);
  return server.addr.port;
}

function listenBun(runtime: Bun, certificate: SelfSigned | undefined): number {
  return runtime.serve({
    port: 0,
    hostname: "127.0.0.1",
    ...(certificate === undefined ? {} : { tls: certificate }),
    fetch(
      request: Request,
      server: { upgrade(request: Request, options: unknown): boolean },
    ): Response | undefined {
      const data = { twice: new URL(request.url).pathname === "/twice" };
      return server.upgrade(request, { data }) ? undefined : new Response(null, { status: 400 });
    },
    websocket: {
      idleTimeout: 0,
      perMessageDeflate: false,
      message(socket: EchoSocket, message: Uint8Array): void {
        socket.send(message);
        if (socket.data.twice) socket.send(message);
      },
    },
  }).port;
}
