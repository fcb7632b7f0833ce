/**
 * Listens with what the runtime has: `Deno.serve` or `Bun.serve`.
 *
 * @module
 */

/** What `Deno.serve` takes half of, and `Bun.serve` the whole. */
export interface Application {
  fetch(request: Request, info: unknown): Response | Promise<Response>;
  readonly websocket: unknown;
}

interface Bun {
  serve(options: Application & { readonly port: number }): { readonly port: number };
}

/** Listen on a free port. */
export function listen(application: Application, port: number = 0): { readonly port: number } {
  const { Bun: bun } = globalThis as { readonly Bun?: Bun };
  if (bun !== undefined) return bun.serve({ ...application, port });
  return Deno.serve({ port, onListen() {} }, application.fetch.bind(application)).addr;
}
