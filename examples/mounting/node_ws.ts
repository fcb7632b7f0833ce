/**
 * The counter on sockets of the package `ws`, with an existing HTTP server.
 *
 * ```sh
 * deno run -A examples/mounting/node_ws.ts     # compile it to JavaScript for Node
 * ```
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { handler, type StandardSocket } from "../../server.ts";
import { counter } from "../counter/handler.ts";
import { Counter } from "../counter/service.ts";

const mounted = handler(Counter, {}, counter);

const http = createServer((_, response) => response.end("Node is here"));
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });

http.on("upgrade", async (request, socket, head) => {
  const { host } = request.headers;
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value));
  const decision = await mounted.upgrade(
    new Request(new URL(request.url ?? "/", `http://${host}`), { headers }),
    { address: request.socket.remoteAddress ?? "" },
  );
  if (decision instanceof Response) {
    return socket.end(`HTTP/1.1 ${decision.status} Refused\r\nConnection: close\r\n\r\n`);
  }
  // `ws` rejects "hl/2", which is not a valid token, so the header is written separately.
  delete request.headers["sec-websocket-protocol"];
  sockets.once("headers", (lines: string[]) => {
    for (const [name, value] of Object.entries(decision.headers)) lines.push(`${name}: ${value}`);
  });
  sockets.handleUpgrade(request, socket, head, (ws: StandardSocket) => decision.accept(ws));
});

http.listen(0, () => console.log(JSON.stringify({ port: (http.address() as AddressInfo).port })));
