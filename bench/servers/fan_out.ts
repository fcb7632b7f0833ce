/**
 * Sends messages to every connection when one of them asks for a number.
 * `--way hardlight` by events; on Bun `publish` by its topics and `cork` by corked sends; on Deno
 * `loop` by a loop over its sockets.
 *
 * @module
 */
import process from "node:process";
import { bytes, rpc, service, u32 } from "../../mod.ts";
import { serve } from "../../server.ts";
import { announce } from "./stdio.ts";

/** The service of the way `hardlight`. */
export const FanOut = service({ rpc: { emit: rpc({ count: u32 }) }, event: bytes });

/** Bytes of a message, as the floor sends it. */
const MESSAGE_BYTES = 64;

interface Socket {
  readonly data: { readonly control: boolean };
  send(message: Uint8Array): number;
  cork(run: () => void): void;
  subscribe(topic: string): void;
}

interface BunServer {
  readonly port: number;
  publish(topic: string, message: Uint8Array): number;
}

const way = process.argv[process.argv.indexOf("--way") + 1];
const message = new Uint8Array(MESSAGE_BYTES).fill(7);
// The bytes of an event around its payload: 5 of deflate, 24 of the root, the topic.
const payload = message.subarray(0, MESSAGE_BYTES - 5 - 24 - 4 - 4);

if (import.meta.main) {
  if (way === "hardlight") await announce(await serveHardlight(), undefined);
  else if (way === "loop") await announce(serveDeno(), undefined);
  else await announce(serveBun(), undefined);
}

async function serveHardlight(): Promise<number> {
  const server = await serve(
    FanOut,
    { port: 0, hostname: "127.0.0.1", tls: "plain" },
    ({ subscriptions, events }) => {
      subscriptions.add("all");
      return {
        emit({ count }) {
          for (let i = 0; i < count; i++) events.emit("all", payload);
        },
      };
    },
  );
  return server.port;
}

function serveDeno(): number {
  const sockets = new Set<WebSocket>();
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const protocol = request.headers.get("sec-websocket-protocol");
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
    if (protocol !== null) response.headers.set("sec-websocket-protocol", protocol);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => sockets.add(socket);
    socket.onmessage = ({ data }) => {
      const count = new Uint8Array(data)[0] ?? 0;
      for (let i = 0; i < count; i++) for (const each of sockets) each.send(message);
    };
    return response;
  });
  return server.addr.port;
}

function serveBun(): number {
  const sockets = new Set<Socket>();
  const server: BunServer = (globalThis as unknown as { Bun: { serve(o: object): BunServer } }).Bun
    .serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request: Request, self: { upgrade(request: Request): boolean }) =>
        self.upgrade(request) ? undefined : new Response(null, { status: 400 }),
      websocket: {
        idleTimeout: 0,
        perMessageDeflate: false,
        open(socket: Socket): void {
          sockets.add(socket);
          socket.subscribe("all");
        },
        message(_: Socket, data: Uint8Array): void {
          const count = data[0] ?? 0;
          if (way === "publish") {
            for (let i = 0; i < count; i++) server.publish("all", message);
          } else {
            for (const each of sockets) {
              each.cork(() => {
                for (let i = 0; i < count; i++) each.send(message);
              });
            }
          }
        },
      },
    });
  return server.port;
}
