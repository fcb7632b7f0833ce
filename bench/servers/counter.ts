/**
 * The counter of the examples.
 *
 * @module
 */
import { counter } from "../../examples/counter/handler.ts";
import { Counter } from "../../examples/counter/service.ts";
import { serve } from "../../server.ts";
import { announce, certificateIfAsked } from "./stdio.ts";

const certificate = await certificateIfAsked();
const server = await serve(Counter, {
  port: 0,
  hostname: "127.0.0.1",
  tls: certificate ?? "plain",
}, counter);
await announce(server.port, certificate);
