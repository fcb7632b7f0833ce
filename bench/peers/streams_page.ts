/**
 * {@linkcode peersForPage}: the clients of `streams.ts` in a page.
 *
 * @module
 */
import { build, type Plugin } from "esbuild";
import { fileURLToPath } from "node:url";

/** A page has no packages: the parts of them that clients use are in the bundle. */
const PACKAGES = `
  import * as capnweb from "capnweb";
  import * as client from "@orpc/client";
  import * as link from "@orpc/client/websocket";
  import * as trpc from "@trpc/client";
  // Sockets of "ws" take options in place of protocols.
  const ws = { WebSocket: class extends WebSocket { constructor(url) { super(url); } } };
  const packages = {
    capnweb,
    "@orpc/client": client,
    "@orpc/client/websocket": link,
    "@trpc/client": trpc,
    ws,
  };
  export const load = async (name, path = "") => packages[name + path];
  export const versionOf = () => "";
`;

const HERE = fileURLToPath(new URL("./", import.meta.url));

const loadPackages: Plugin = {
  name: "packages of a page",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/load\.ts$/ }, () => ({ path: "packages", namespace: "page" }));
    onLoad({ filter: /.*/, namespace: "page" }, () => ({ contents: PACKAGES, resolveDir: HERE }));
  },
};

/** A script that puts the peers into a page's global scope as `peers`. Their packages must be installed. */
export async function peersForPage(): Promise<Uint8Array> {
  const { outputFiles: [bundle] } = await build({
    stdin: {
      contents: `
        import { STREAM_PEERS } from "./streams.ts";
        Object.assign(globalThis, { peers: STREAM_PEERS });
      `,
      resolveDir: HERE,
    },
    plugins: [loadPackages],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    external: ["node:*"],
    write: false,
  });
  if (bundle === undefined) throw new Error("esbuild wrote nothing");
  return bundle.contents;
}
