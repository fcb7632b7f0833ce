/**
 * Serves this repository's modules to a page without their types: no build step.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import * as nodeModule from "node:module";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../", import.meta.url);

/** The folders with modules of a page's client; nothing else is served. */
const SERVED =
  /^\/(?:(?:mod|browser|page_extras)|(?:client|codec|deflate|runtime|service|stream|wire)\/\w+|(?:examples|tests\/browser)\/(?:[\w-]+\/)*\w+)\.ts$/;

const erased = new Map<string, Promise<string>>();

/** The module at a path such as `/browser.ts`, as JavaScript; `undefined` if there is none. */
export async function module(pathname: string): Promise<Response | undefined> {
  if (!SERVED.test(pathname)) return undefined;
  let text = erased.get(pathname);
  if (text === undefined) {
    text = readFile(fileURLToPath(new URL(`.${pathname}`, ROOT)), "utf8").then(eraseTypes);
    erased.set(pathname, text);
  }
  try {
    return new Response(await text, {
      headers: { "content-type": "text/javascript; charset=utf-8" },
    });
  } catch {
    erased.delete(pathname);
    return undefined;
  }
}

interface Eraser {
  stripTypeScriptTypes?(code: string): string;
}

interface Bun {
  readonly Transpiler: new (options: { loader: "ts" }) => { transformSync(code: string): string };
}

function eraseTypes(code: string): string {
  const { Bun: bun } = globalThis as { readonly Bun?: Bun };
  if (bun !== undefined) return new bun.Transpiler({ loader: "ts" }).transformSync(code);
  const { stripTypeScriptTypes: erase } = nodeModule as Eraser;
  if (erase === undefined) throw new TypeError("This runtime cannot erase types");
  return erase(code);
}
