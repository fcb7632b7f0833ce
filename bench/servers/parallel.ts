/**
 * One of several servers on one port: on Deno what `deno serve --parallel` runs, on Bun a process that listens with
 * `reusePort`: `bun parallel.ts <port>`.
 *
 * `KIND=raw` is an echo of the runtime's own; without it, the service.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import process from "node:process";
import { rpc, service, u32 } from "../../mod.ts";
import { handler, type HandlerOf } from "../../server.ts";
import { ALIAS } from "../../wire/handshake.ts";

/** A call that does nothing, and one that keeps a core busy. */
export const Work = service({
  name: "Work",
  rpc: { get: rpc({}, u32), work: rpc({ us: u32 }, u32) },
});

const work: HandlerOf<typeof Work> = () => ({
  get: () => 7,
  work({ us }) {
    const end = performance.now() + us / 1000;
    let turns = 0;
    while (performance.now() < end) turns++;
    return turns;
  },
});

const isRaw = process.env["KIND"] === "raw";
const mounted = handler(Work, {}, work);

/** For `deno serve`; Bun would serve it as well, on another port. */
const forDeno = {
  fetch(request: Request, info: Deno.ServeHandlerInfo): Response | Promise<Response> {
    if (!isRaw) return mounted.fetch(request, info) as Promise<Response>;
    const { socket, response } = Deno.upgradeWebSocket(request, { protocol: ALIAS });
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => socket.send(data);
    return response;
  },
};
export default "Bun" in globalThis ? undefined : forDeno;

interface Sockets {
  upgrade(request: Request, options: { headers: Record<string, string> }): boolean;
}

if ("Bun" in globalThis && import.meta.main) {
  const { Bun } = globalThis as unknown as { Bun: { serve(options: object): unknown } };
  const echo = {
    fetch: (request: Request, server: Sockets) =>
      void server.upgrade(request, { headers: { "sec-websocket-protocol": ALIAS } }),
    websocket: {
      message: (socket: { send(message: Uint8Array): number }, message: Uint8Array) =>
        socket.send(message),
    },
  };
  const where = { port: Number(process.argv[2]), hostname: "127.0.0.1", reusePort: true };
  Bun.serve({ ...where, ...(isRaw ? echo : mounted) });
  console.log("listening");
}
