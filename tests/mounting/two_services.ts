/**
 * Two services on one port, under two paths, with the runtime's own server. Prints its port.
 *
 * @module
 */
import process from "node:process";
import { rpc, service, string, u32 } from "../../mod.ts";
import { handler } from "../../server.ts";

/** A service with small limits. */
export const Small = service({ name: "small", rpc: { add: rpc({ amount: u32 }, u32) } });
/** A service with larger limits. */
export const Large = service({ name: "large", rpc: { size: rpc({ text: string }, u32) } });

interface Bun {
  serve(options: object): { readonly port: number };
}

function main(): void {
  const small = handler(
    Small,
    { limits: { maxMessageBytes: 1000 }, onError() {} },
    () => ({ add: ({ amount }) => amount + 1 }),
  );
  const large = handler(
    Large,
    { limits: { maxMessageBytes: 100_000 }, onError() {} },
    () => ({ size: ({ text }) => text.length }),
  );
  const { Bun: bun } = globalThis as { readonly Bun?: Bun };
  let port: number;
  if (bun === undefined) {
    ({ port } = Deno.serve({ port: 0, onListen() {} }, (request, info) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/small") return small.fetch(request, info);
      if (pathname === "/large") return large.fetch(request, info);
      return new Response("Not found", { status: 404 });
    }).addr);
  } else {
    ({ port } = bun.serve({
      port: 0,
      routes: {
        "/small": (request: Request, server: unknown) => small.fetch(request, server),
        "/large": (request: Request, server: unknown) => large.fetch(request, server),
      },
      fetch: () => new Response("Not found", { status: 404 }),
      // One for both: that of the service with the largest `maxMessageBytes`.
      websocket: large.websocket,
    }));
  }
  process.stdout.write(`${port}\n`);
  process.stdin.resume();
  process.stdin.once("end", () => process.exit(0));
}

if (import.meta.main) main();
