/**
 * The counter for `deno serve`, which starts one of these for each core with `--parallel`.
 *
 * Each has its own connections, so an event reaches those of the same one only: give `handler()` a
 * `broker` to reach all.
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
