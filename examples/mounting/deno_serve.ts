/**
 * The counter for `deno serve`. With `--parallel` it starts one instance per core.
 *
 * Each instance has its own connections, and its events reach only these. Give `handler()` a `broker` to
 * reach all.
 *
 * ```sh
 * deno serve --parallel examples/mounting/deno_serve.ts
 * ```
 *
 * @module
 */
import { handler } from "../../server.ts";
import { counter } from "../counter/handler.ts";
import { Counter } from "../counter/service.ts";

const mounted = handler(Counter, {}, counter);

export default {
  fetch: (request: Request, info: Deno.ServeHandlerInfo) => mounted.fetch(request, info),
} satisfies Deno.ServeDefaultExport;
