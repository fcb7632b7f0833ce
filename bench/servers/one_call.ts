/**
 * A service, and the runtime's own WebSocket server in the same process, on the port that a call of `get` answers.
 *
 * @module
 */
import { serve } from "../../server.ts";
import { EVENT_PAYLOAD, OneCall } from "../one_call_service.ts";
import { listenRaw } from "./raw_echo.ts";
import { announce } from "./stdio.ts";

const rawPort = await listenRaw();
const options = { port: 0, hostname: "127.0.0.1", tls: "plain" } as const;
const server = await serve(OneCall, options, ({ subscriptions, events }) => {
  subscriptions.add("all");
  return {
    get: () => rawPort,
    emit: () => events.emit("all", EVENT_PAYLOAD),
  };
});
await announce(server.port, undefined);
