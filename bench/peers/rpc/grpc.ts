/**
 * gRPC: https://grpc.io/docs/languages/node/basics/, a unary call over HTTP/2 without TLS.
 *
 * @module
 */
// deno-lint-ignore-file no-explicit-any
import { ADDER } from "./adder.ts";
import { load } from "./load.ts";
import { HOST, type RpcPeer } from "./types.ts";

async function adder(): Promise<any> {
  const { loadPackageDefinition } = await load("@grpc/grpc-js");
  const { fromJSON } = await load("@grpc/proto-loader");
  return loadPackageDefinition(fromJSON(ADDER.json)).bench.Adder;
}

/** `@grpc/grpc-js` with `@grpc/proto-loader`. */
export const peer: RpcPeer = {
  async serve() {
    const { Server, ServerCredentials } = await load("@grpc/grpc-js");
    const server = new Server();
    server.addService((await adder()).service, {
      add: ({ request }: any, answer: any) => answer(null, { sum: request.a + request.b }),
    });
    return await new Promise((resolve, reject) =>
      server.bindAsync(
        `${HOST}:0`,
        ServerCredentials.createInsecure(),
        (error: Error | null, port: number) => error ? reject(error) : resolve(port),
      )
    );
  },
  async open(port) {
    const { credentials } = await load("@grpc/grpc-js");
    const Adder = await adder();
    // A separate connection, not shared with another client of this process.
    const client = new Adder(`${HOST}:${port}`, credentials.createInsecure(), {
      "grpc.use_local_subchannel_pool": 1,
    });
    await new Promise<void>((resolve, reject) =>
      client.waitForReady(
        Date.now() + 5000,
        (error?: Error) => error === undefined ? resolve() : reject(error),
      )
    );
    return {
      add: (a, b) =>
        new Promise((resolve, reject) =>
          client.add(
            { a, b },
            (error: Error | null, answer: any) => error ? reject(error) : resolve(answer.sum),
          )
        ),
      close: () => client.close(),
    };
  },
};
