/**
 * Connect: https://connectrpc.com/docs/node/getting-started, the Connect protocol over HTTP/2 without TLS.
 *
 * @module
 */
// deno-lint-ignore-file no-explicit-any
import http2 from "node:http2";
import { ADDER } from "./adder.ts";
import { listening } from "./listening.ts";
import { load } from "./load.ts";
import { HOST, type RpcPeer } from "./types.ts";

async function adder(): Promise<any> {
  const protobuf = await load("@bufbuild/protobuf");
  return ADDER.describe(protobuf, await load("@bufbuild/protobuf", "/wkt"))
    .Adder;
}

/** `connectNodeAdapter` on `node:http2`; `createConnectTransport` with binary messages. */
export const peer: RpcPeer = {
  async serve() {
    const { connectNodeAdapter } = await load("@connectrpc/connect-node");
    const Adder = await adder();
    return await listening(http2.createServer(connectNodeAdapter({
      routes: (router: any) =>
        router.service(Adder, {
          add: ({ a, b }: any) => ({ sum: a + b }),
        }),
    })));
  },
  async open(port) {
    const { createClient } = await load("@connectrpc/connect");
    const { createConnectTransport, Http2SessionManager } = await load(
      "@connectrpc/connect-node",
    );
    const baseUrl = `http://${HOST}:${port}`;
    const sessionManager = new Http2SessionManager(baseUrl);
    const transport = createConnectTransport({
      baseUrl,
      httpVersion: "2",
      useBinaryFormat: true,
      sessionManager,
    });
    const client = createClient(await adder(), transport);
    return {
      add: async (a, b) => (await client.add({ a, b })).sum,
      close: () => sessionManager.abort(),
    };
  },
};
