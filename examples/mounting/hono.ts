/**
 * The counter in a Hono application, on Deno and on Bun.
 *
 * ```sh
 * deno run --allow-net examples/mounting/hono.ts
 * bun examples/mounting/hono.ts
 * ```
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { Hono } from "hono";
import { handler } from "../../server.ts";
import { counter } from "../counter/handler.ts";
import { Counter } from "../counter/service.ts";
import { listen } from "./listen.ts";

const mounted = handler(Counter, {}, counter);

const app = new Hono();
app.get("/", (context) => context.text("Hono is here"));
// `env` in Hono is the runtime's second argument: Deno's info, or Bun's server.
app.get("/counter", (context) => mounted.fetch(context.req.raw, context.env));

const { port } = listen({
  fetch: (request, info) => app.fetch(request, info as object),
  websocket: mounted.websocket,
});
console.log(JSON.stringify({ port }));
