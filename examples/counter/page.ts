/**
 * The page of the counter's server.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { module } from "../modules.ts";

const FILES: Readonly<Record<string, readonly [file: string, type: string]>> = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/style.css": ["style.css", "text/css; charset=utf-8"],
};

const HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-cache",
  "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; " +
    "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  // With these two headers the page can measure time in steps of 5 µs instead of 100 µs.
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "x-content-type-options": "nosniff",
};

/** Answers a browser's request for the page or one of its files. */
export async function page(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const response = await find(pathname) ?? new Response("Not found\n", { status: 404 });
  for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
  return response;
}

async function find(pathname: string): Promise<Response | undefined> {
  const file = FILES[pathname];
  if (file === undefined) return await module(pathname);
  const path = fileURLToPath(new URL(`page/${file[0]}`, import.meta.url));
  return new Response(await readFile(path), { headers: { "content-type": file[1] } });
}
