/**
 * The counter in an existing `Bun.serve` with routes.
 *
 * ```sh
 * bun examples/mounting/bun_routes.ts
 * ```
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { handler } from "../../server.ts";
import { counter } from "../counter/handler.ts";
import { Counter } from "../counter/service.ts";

const mounted = handler(Counter, {}, counter);

const { Bun } = globalThis as unknown as {
  readonly Bun: { serve(options: object): { readonly port: number } };
};
const server = Bun.serve({
  port: 0,
  routes: {
    "/health": new Response("well"),
    "/counter": (request: Request, server: unknown) => mounted.fetch(request, server),
  },
  fetch: () => new Response("Not found", { status: 404 }),
  websocket: mounted.websocket,
});
console.log(JSON.stringify({ port: server.port }));
