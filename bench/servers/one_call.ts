/**
 * The counter of the examples, and the runtime's own WebSocket server in the same process, on the port that a call of
 * `get` answers.
 *
 * @module
 */
import { Counter } from "../../examples/counter/service.ts";
import { serve } from "../../server.ts";
import { listenRaw } from "./raw_echo.ts";
import { announce } from "./stdio.ts";

const rawPort = listenRaw();
const options = { port: 0, hostname: "127.0.0.1", tls: "plain" } as const;
const server = await serve(Counter, options, () => ({
  newCounter() {},
  increment() {},
  decrement() {},
  get: () => rawPort,
}));
await announce(server.port, undefined);
