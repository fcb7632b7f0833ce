/**
 * {@linkcode serveByWs}: a service on sockets of the package `ws`, with an HTTP server.
 *
 * @module
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Mounted, StandardSocket } from "../../server.ts";

/** The address that it listens on. */
export interface WsServer {
  readonly url: string;
  /** End the sockets, and the server. */
  close(): Promise<void>;
}

// Node's tests have it where it is installed. Bun's module of that name is another implementation.
const ws = "Bun" in globalThis ? undefined : await import("ws").catch(() => undefined);

/** Serve as `docs/mounting.md` does; `undefined` where the package is not installed. */
export const serveByWs = ws &&
  (async <Event>(mounted: Mounted<Event>): Promise<WsServer> => {
    const http = createServer();
    const sockets = new ws.WebSocketServer({ noServer: true, perMessageDeflate: false });
    http.on("upgrade", async (request, socket, head) => {
      const headers = new Headers();
      for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value));
      const decision = await mounted.upgrade(
        new Request(new URL(request.url ?? "/", `http://${request.headers.host}`), { headers }),
        { address: request.socket.remoteAddress ?? "" },
      );
      if (decision instanceof Response) {
        const lines = [...decision.headers].map(([name, value]) => `${name}: ${value}\r\n`);
        return socket.end(
          `HTTP/1.1 ${decision.status} Refused\r\nConnection: close\r\n${lines.join("")}\r\n`,
        );
      }
      delete request.headers["sec-websocket-protocol"];
      sockets.once("headers", (lines: string[]) => {
        for (const [name, value] of Object.entries(decision.headers)) {
          lines.push(`${name}: ${value}`);
        }
      });
      sockets.handleUpgrade(
        request,
        socket,
        head,
        (accepted: StandardSocket) => decision.accept(accepted),
      );
    });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const { port } = http.address() as AddressInfo;
    return {
      url: `ws://127.0.0.1:${port}/`,
      close: () => new Promise((resolve) => http.close(() => resolve())),
    };
  });
