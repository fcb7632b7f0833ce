/**
 * Serves the probe and its pages until its input ends. Takes one argument, {@linkcode Settings} as JSON.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { module } from "../../examples/modules.ts";
import { type HandlerOf, serve } from "../../server.ts";
import { Asking, Probe } from "./service.ts";

/** How to serve. */
export interface Settings {
  readonly port: number;
  readonly tls: "plain" | { readonly cert: string; readonly key: string };
  readonly bundle: string;
}

const { port, tls, bundle } = JSON.parse(process.argv[2]!) as Settings;
let pending = 0;
let counting = 0;

const probe: HandlerOf<typeof Probe> = ({ state, subscriptions, events, signal }) => {
  subscriptions.add("probe");
  return {
    add({ amount }) {
      state.total += amount;
      events.emit("probe", { type: "added", to: state.total });
      return state.total;
    },
    echo: ({ data }) => data.slice(),
    never() {
      pending++;
      return new Promise((_, reject) =>
        signal.addEventListener("abort", () => {
          pending--;
          reject(new Error("The page has gone"));
        })
      );
    },
    emit({ times, afterMs }) {
      setTimeout(() => {
        for (let n = 0; n < times; n++) events.emit("probe", { type: "tick", n });
      }, afterMs);
    },
    async *count({ from }) {
      counting++;
      try {
        for (let n = from;; n++) yield await Promise.resolve(n);
      } finally {
        counting--;
      }
    },
    async sum({ parts }) {
      let sum = 0;
      for await (const part of parts) sum += part.length;
      return sum;
    },
  };
};

const limits = { maxMessageBytes: 8 << 20, maxInflatedBytes: 16 << 20 };
const server = await serve(Probe, { port, tls, limits, fallback }, probe);
const asking = await serve(Asking, { port: 0, tls, origins: () => true }, ({ client }) => ({
  ask: ({ text }) => client.confirm({ text }),
}));

async function fallback(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/held") {
    // As text: some browsers display JSON in a document of their own.
    return new Response(JSON.stringify({ connections: server.connections, pending, counting }), {
      headers: { "content-type": "text/plain" },
    });
  }
  if (pathname === "/asking") return new Response(`${asking.port}`);
  if (pathname === "/module.html") return html("/tests/browser/page.ts");
  if (pathname === "/bundle.html") return html("/bundle.js");
  if (pathname === "/bundle.js") {
    return new Response(readFileSync(bundle), { headers: { "content-type": "text/javascript" } });
  }
  return await module(pathname) ?? new Response(null, { status: 404 });
}

function html(script: string): Response {
  const source = "'self' ws://localhost:* wss://localhost:* ws://127.0.0.1:* wss://127.0.0.1:*";
  return new Response(`<!doctype html><script type="module" src="${script}"></script>`, {
    headers: {
      "content-type": "text/html",
      "content-security-policy": `default-src 'none'; script-src 'self'; connect-src ${source}`,
    },
  });
}

process.stdout.write(`${JSON.stringify({ port: server.port })}\n`);
process.stdin.resume();
process.stdin.once("end", async () => {
  await server.close({ deadlineMs: 0 });
  await asking.close({ deadlineMs: 0 });
  process.exit(0);
});
