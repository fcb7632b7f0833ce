/**
 * Connect: https://connectrpc.com/docs/node/getting-started, the Connect protocol over HTTP/2 without TLS.
 *
 * @module
 */
import http2, { type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { ADDER, type Amounts, type Protobuf, type Sum, type WellKnownTypes } from "./adder.ts";
import { listening } from "./listening.ts";
import { load } from "./load.ts";
import { HOST, type RpcPeer } from "./types.ts";

interface Router {
  service(service: unknown, handlers: { add(amounts: Amounts): Sum }): void;
}

interface ConnectNode {
  connectNodeAdapter(
    options: { routes(router: Router): void },
  ): (request: Http2ServerRequest, response: Http2ServerResponse) => void;
  createConnectTransport(options: object): unknown;
  readonly Http2SessionManager: new (url: string) => { abort(): void };
}

interface Connect {
  createClient(service: unknown, transport: unknown): { add(amounts: Amounts): Promise<Sum> };
}

async function adder(): Promise<unknown> {
  const protobuf = await load<Protobuf>("@bufbuild/protobuf");
  const types = await load<WellKnownTypes>("@bufbuild/protobuf", "/wkt");
  return ADDER.describe(protobuf, types).Adder;
}

/** `connectNodeAdapter` on `node:http2`; `createConnectTransport` with binary messages. */
export const peer: RpcPeer = {
  async serve() {
    const { connectNodeAdapter } = await load<ConnectNode>("@connectrpc/connect-node");
    const Adder = await adder();
    return await listening(http2.createServer(connectNodeAdapter({
      routes: (router) => router.service(Adder, { add: ({ a, b }) => ({ sum: a + b }) }),
    })));
  },
  async open(port) {
    const { createClient } = await load<Connect>("@connectrpc/connect");
    const { createConnectTransport, Http2SessionManager } = await load<ConnectNode>(
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
