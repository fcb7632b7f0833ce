/**
 * Hono: https://hono.dev/docs/helpers/websocket. `upgradeWebSocket` of `hono/deno` and `hono/bun`, on Node that of
 * `@hono/node-server` with `ws`; defaults of those, which deflate nothing. It has no calls and no topics: JSON by
 * hand, and a loop over its sockets, on Bun `publish` of the server below it.
 *
 * @module
 */
// deno-lint-ignore-file no-explicit-any
import { answerJson, EVENT_MESSAGE, jsonClient } from "./json.ts";
import { load } from "./load.ts";
import { openNative, RUNTIME } from "./native.ts";
import { HOST, type RpcPeer } from "./types.ts";

/** A route of Hono on each runtime. */
export const peer: RpcPeer = {
  async serve() {
    const { Hono } = await load("hono");
    const listening = new Set<any>();
    let publish = (): void => {
      for (const each of listening) each.send(EVENT_MESSAGE);
    };
    const route = (upgradeWebSocket: any): any =>
      new Hono().get(
        "/",
        upgradeWebSocket(() => ({
          onMessage(event: any, ws: any) {
            answerJson(JSON.parse(event.data), {
              send: (answer) => ws.send(JSON.stringify(answer)),
              listen: () => RUNTIME === "bun" ? ws.raw.subscribe("all") : listening.add(ws),
              publish,
            });
          },
        })),
      );
    if (RUNTIME === "deno") {
      const { upgradeWebSocket } = await load("hono", "/deno");
      const options = { port: 0, hostname: HOST, onListen() {} };
      return Deno.serve(options, route(upgradeWebSocket).fetch).addr.port;
    }
    if (RUNTIME === "bun") {
      const { upgradeWebSocket, websocket } = await load("hono", "/bun");
      const { fetch } = route(upgradeWebSocket);
      const server = (globalThis as any).Bun.serve({ port: 0, hostname: HOST, fetch, websocket });
      publish = () => server.publish("all", EVENT_MESSAGE);
      return server.port;
    }
    const { serve, upgradeWebSocket } = await load("@hono/node-server");
    const { WebSocketServer } = await load("ws");
    const { fetch } = route(upgradeWebSocket);
    const websocket = { server: new WebSocketServer({ noServer: true }) };
    return await new Promise((resolve) =>
      serve({ fetch, websocket, port: 0, hostname: HOST }, ({ port }: any) => resolve(port))
    );
  },
  open: async (port) => jsonClient(await openNative(port)),
};
