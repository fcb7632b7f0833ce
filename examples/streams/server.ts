/**
 * Serves the workshop and its page on http://localhost:8081.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { serve } from "../../server.ts";
import { exitOnSignal, option } from "../support.ts";
import { workshop } from "./handler.ts";
import { Log } from "./log.ts";
import { page } from "./page.ts";
import { Workshop } from "./service.ts";

const log = new Log();
const port = option("port", 8081);
await using server = await serve(
  Workshop,
  { port, hostname: "127.0.0.1", tls: "plain", fallback: page, onError: console.error },
  workshop(log),
);
log.write("The workshop is open");
console.log(`The workshop is at http://localhost:${server.port}/`);
await exitOnSignal();
