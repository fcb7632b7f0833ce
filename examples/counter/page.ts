/**
 * The page that the counter's server shows to a browser.
 *
 * @module
 */

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>hardlight: the counter is up</title>
<style>
  body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 10vh auto; padding: 0 1rem }
  code, pre { font-family: ui-monospace, monospace; background: color-mix(in srgb, currentColor 8%, transparent); border-radius: .3em }
  code { padding: .1em .3em }
  pre { padding: 1em; overflow-x: auto }
</style>
<h1>It works</h1>
<p>A HardLight server answers here: the counter, over TLS, on this port.
<p>Call it from TypeScript:
<pre>import { connect } from "@hardlight/hardlight/client";
import { Counter } from "./service.ts";

await using client = await connect(Counter, "wss://HOST", { tls: "self-signed" });
await client.rpc.newCounter();
await client.rpc.increment({ amount: 1 });
client.state.current.counter; // 1</pre>
<p>Or run <code>deno task demo</code> beside it.
</html>
`;

/** Answers a browser's request for a page. */
export function page(request: Request): Response {
  const { pathname, host } = new URL(request.url);
  if (pathname !== "/") return new Response("Not found\n", { status: 404 });
  return new Response(PAGE.replace("HOST", host.replace(/[^\w.:[\]-]/g, "")), {
    headers: { "content-type": "text/html; charset=utf-8" },
  });
}
