/**
 * Elysia: https://elysiajs.com/patterns/websocket. `.ws()`, which reads JSON and writes objects as JSON, and
 * `server.publish()`; its sockets are Bun's with Bun's defaults, which deflate nothing. It has no calls: an id and a
 * table of waiting calls are handwritten, on the built-in `WebSocket`. No schema, so nothing is checked.
 *
 * @module
 */
import { answerJson, EVENT_MESSAGE, type JsonCall, jsonClient } from "./json.ts";
import { load } from "./load.ts";
import { type BunServer, openNative } from "./native.ts";
import { HOST, type RpcPeer } from "./types.ts";

interface ElysiaSocket {
  send(message: object): void;
  subscribe(topic: string): void;
}

interface Elysia {
  readonly server: BunServer;
  ws(path: string, route: { message(ws: ElysiaSocket, message: JsonCall): void }): Elysia;
  listen(options: object): void;
}

/** On Bun alone. */
export const peer: RpcPeer = {
  async serve() {
    const { Elysia } = await load<{ Elysia: new () => Elysia }>("elysia");
    const app: Elysia = new Elysia().ws("/", {
      message(ws, message) {
        answerJson(message, {
          send: (answer) => ws.send(answer),
          listen: () => ws.subscribe("all"),
          publish: () => app.server.publish("all", EVENT_MESSAGE),
        });
      },
    });
    app.listen({ port: 0, hostname: HOST });
    return app.server.port;
  },
  open: async (port) => jsonClient(await openNative(port)),
};
