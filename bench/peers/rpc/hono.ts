/**
 * Hono: https://hono.dev/docs/helpers/websocket. `upgradeWebSocket` of `hono/deno` and `hono/bun`, on Node that of
 * `@hono/node-server` with `ws`; defaults of those, which deflate nothing. It has no calls and no topics: JSON by
 * hand, and a loop over its sockets, on Bun `publish` of the server below it.
 *
 * @module
 */
import { answerJson, EVENT_MESSAGE, jsonClient } from "./json.ts";
import { load } from "./load.ts";
import { bunServe, openNative, RUNTIME, type Ws } from "./native.ts";
import { HOST, type RpcPeer } from "./types.ts";

interface HonoSocket {
  /** Bun's own. */
  readonly raw: { subscribe(topic: string): void };
  send(message: string): void;
}

interface Listeners {
  onMessage(event: { readonly data: string }, ws: HonoSocket): void;
}

type UpgradeWebSocket = (listeners: () => Listeners) => unknown;

interface Hono {
  readonly fetch: (request: Request) => Response | Promise<Response>;
  get(path: string, handler: unknown): Hono;
}

interface Adapter {
  readonly upgradeWebSocket: UpgradeWebSocket;
  /** Bun's. */
  readonly websocket: object;
  /** Node's. */
  serve(options: object, onListen: (address: { readonly port: number }) => void): void;
}

/** A route of Hono on each runtime. */
export const peer: RpcPeer = {
  async serve() {
    const { Hono } = await load<{ Hono: new () => Hono }>("hono");
    const listening = new Set<HonoSocket>();
    let publish = (): void => {
      for (const each of listening) each.send(EVENT_MESSAGE);
    };
    const route = (upgradeWebSocket: UpgradeWebSocket): Hono =>
      new Hono().get(
        "/",
        upgradeWebSocket(() => ({
          onMessage(event, ws) {
            answerJson(JSON.parse(event.data), {
              send: (answer) => ws.send(JSON.stringify(answer)),
              listen: () => void (RUNTIME === "bun" ? ws.raw.subscribe("all") : listening.add(ws)),
              publish,
            });
          },
        })),
      );
    if (RUNTIME === "deno") {
      const { upgradeWebSocket } = await load<Adapter>("hono", "/deno");
      const options = { port: 0, hostname: HOST, onListen() {} };
      return Deno.serve(options, route(upgradeWebSocket).fetch).addr.port;
    }
    if (RUNTIME === "bun") {
      const { upgradeWebSocket, websocket } = await load<Adapter>("hono", "/bun");
      const { fetch } = route(upgradeWebSocket);
      const server = bunServe({ fetch, websocket });
      publish = () => server.publish("all", EVENT_MESSAGE);
      return server.port;
    }
    const { serve, upgradeWebSocket } = await load<Adapter>("@hono/node-server");
    const { WebSocketServer } = await load<Ws>("ws");
    const { fetch } = route(upgradeWebSocket);
    const websocket = { server: new WebSocketServer({ noServer: true }) };
    return await new Promise((resolve) =>
      serve({ fetch, websocket, port: 0, hostname: HOST }, ({ port }) => resolve(port))
    );
  },
  open: async (port) => jsonClient(await openNative(port)),
};
