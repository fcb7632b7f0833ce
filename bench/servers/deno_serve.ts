/**
 * One service on Deno by `--way serve` (`serve()`) or `--way mount` (`Deno.serve(handler())`), or `--way raw`: an
 * echo on `Deno.serve`.
 *
 * @module
 */
import process from "node:process";
import { rpc, service, u32 } from "../../mod.ts";
import { handler, type HandlerOf, serve } from "../../server.ts";
import { announce, certificateIfAsked } from "./stdio.ts";

/** The service of both ways. */
export const Desk = service({
  name: "Desk",
  rpc: { add: rpc({ a: u32, b: u32 }, u32), count: rpc({}, u32), publish: rpc() },
  state: { count: u32 },
  event: u32,
});

const desk: HandlerOf<typeof Desk> = ({ state, subscriptions, events }) => {
  subscriptions.add("all");
  return {
    add: ({ a, b }) => a + b,
    count: () => ++state.count,
    publish: () => events.emit("all", 7),
  };
};

if (import.meta.main) {
  const way = process.argv[process.argv.indexOf("--way") + 1];
  const certificate = await certificateIfAsked();
  const where = { port: 0, hostname: "127.0.0.1", onListen() {}, ...certificate };
  if (way === "serve") {
    const { port } = await serve(
      Desk,
      { port: 0, hostname: "127.0.0.1", tls: certificate ?? "plain" },
      desk,
    );
    await announce(port, certificate);
  } else {
    const mounted = handler(Desk, {}, desk);
    const server = way === "mount"
      ? Deno.serve(where, (request, info) => mounted.fetch(request, info))
      : Deno.serve(where, (request) => {
        const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
        socket.binaryType = "arraybuffer";
        socket.onmessage = ({ data }) => socket.send(data);
        return response;
      });
    await announce(server.addr.port, certificate);
  }
}
