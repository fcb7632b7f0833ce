/**
 * The workshop's page.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { module } from "../modules.ts";

/** Answers a browser's request for the page or a module of it. */
export async function page(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname !== "/") return await module(pathname) ?? new Response(null, { status: 404 });
  return new Response(await readFile(new URL("page/index.html", import.meta.url)), {
    headers: { "content-type": "text/html; charset=utf-8" },
  });
}
