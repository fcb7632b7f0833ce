/**
 * One service on Deno by `--way serve` (`serve()`) or `--way mount` (`Deno.serve(handler())`), or `--way raw`: an
 * echo on `Deno.serve`, where a text goes to every connection. With `--strict` time limits are short.
 *
 * @module
 */
import process from "node:process";
import { bytes, rpc, service, u32 } from "../../mod.ts";
import { handler, type HandlerOf, serve } from "../../server.ts";
import { announce, certificateIfAsked } from "./stdio.ts";

/** The service of both ways. */
export const Desk = service({
  name: "Desk",
  rpc: {
    add: rpc({ a: u32, b: u32 }, u32),
    /** Change the state. */
    count: rpc({}, u32),
    /** Emit to all. */
    publish: rpc(),
    /** An answer of up to 1 MiB. */
    fetch: rpc({ size: u32 }, bytes),
    /** Work that takes a while. */
    work: rpc({ data: bytes }, u32),
  },
  state: { count: u32 },
  event: u32,
});

/** What does not deflate. */
const NOISE = new Uint8Array(1_048_576);
for (let at = 0; at < NOISE.length; at += 65_536) {
  crypto.getRandomValues(NOISE.subarray(at, at + 65_536));
}

/** How long `work` keeps the thread, in milliseconds. */
const WORK_MS = 50;

const desk: HandlerOf<typeof Desk> = ({ state, subscriptions, events }) => {
  subscriptions.add("all");
  return {
    add: ({ a, b }) => a + b,
    count: () => ++state.count,
    publish: () => events.emit("all", 7),
    fetch: ({ size }) => NOISE.subarray(0, size),
    work({ data }) {
      const end = performance.now() + WORK_MS;
      while (performance.now() < end);
      return data.length;
    },
  };
};

function echo(): (request: Request) => Response {
  const all = new Set<WebSocket>();
  return (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
    socket.binaryType = "arraybuffer";
    socket.onopen = () => all.add(socket);
    socket.onclose = () => all.delete(socket);
    socket.onmessage = ({ data }) => {
      if (typeof data !== "string") return socket.send(data);
      for (const each of all) each.send(data);
    };
    return response;
  };
}

if (import.meta.main) {
  const way = process.argv[process.argv.indexOf("--way") + 1];
  const limits = process.argv.includes("--strict")
    ? { handshakeTimeoutMs: 500, closeTimeoutMs: 500 }
    : {};
  const certificate = await certificateIfAsked();
  const where = { port: 0, hostname: "127.0.0.1", onListen() {}, ...certificate };
  if (way === "serve") {
    const { port } = await serve(
      Desk,
      { port: 0, hostname: "127.0.0.1", tls: certificate ?? "plain", limits, onError() {} },
      desk,
    );
    await announce(port, certificate);
  } else {
    const mounted = handler(Desk, { limits, onError() {} }, desk);
    const server = way === "mount"
      ? Deno.serve(where, (request, info) => mounted.fetch(request, info))
      : Deno.serve(where, echo());
    await announce(server.addr.port, certificate);
  }
}
