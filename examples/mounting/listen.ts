/**
 * Listens with the runtime's own server: `Deno.serve` or `Bun.serve`.
 *
 * @module
 */

/** The argument of `Bun.serve`. `Deno.serve` uses only its `fetch`. */
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
