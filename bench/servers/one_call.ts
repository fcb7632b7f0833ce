/**
 * A service, and in the same process what it is compared with, each on a port of its own: the runtime's own WebSocket
 * server, and calls by hand over it in MessagePack.
 *
 * @module
 */
import { serve } from "../../server.ts";
import { EVENT_PAYLOAD, OneCall } from "../one_call_service.ts";
import { peer } from "../peers/rpc/msgpackr.ts";
import { listenRaw } from "./raw_echo.ts";
import { announce } from "./stdio.ts";

const ports = { raw: await listenRaw(), packed: await peer.serve() };
const options = { port: 0, hostname: "127.0.0.1", tls: "plain" } as const;
const server = await serve(OneCall, options, ({ subscriptions, events }) => {
  subscriptions.add("all");
  return {
    ports: () => ports,
    add: ({ a, b }) => a + b,
    emit: () => events.emit("all", EVENT_PAYLOAD),
  };
});
await announce(server.port, undefined);
