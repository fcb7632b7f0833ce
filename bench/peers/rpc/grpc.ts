/**
 * gRPC: https://grpc.io/docs/languages/node/basics/, a unary call over HTTP/2 without TLS.
 *
 * @module
 */
import { ADDER, type Amounts, type Sum } from "./adder.ts";
import { load } from "./load.ts";
import { HOST, type RpcPeer } from "./types.ts";

type Settle<T> = (error: Error | null, value: T) => void;

interface AdderClient {
  add(amounts: Amounts, done: Settle<Sum>): void;
  waitForReady(deadlineMs: number, done: (error?: Error) => void): void;
  close(): void;
}

interface AdderClass {
  readonly service: object;
  new (address: string, credentials: unknown, options: object): AdderClient;
}

interface GrpcServer {
  addService(service: object, handlers: object): void;
  bindAsync(address: string, credentials: unknown, done: Settle<number>): void;
}

interface Grpc {
  readonly Server: new () => GrpcServer;
  readonly ServerCredentials: { createInsecure(): unknown };
  readonly credentials: { createInsecure(): unknown };
  loadPackageDefinition(definition: unknown): { readonly bench: { readonly Adder: AdderClass } };
}

async function adder(): Promise<AdderClass> {
  const { loadPackageDefinition } = await load<Grpc>("@grpc/grpc-js");
  const { fromJSON } = await load<{ fromJSON(json: object): unknown }>("@grpc/proto-loader");
  return loadPackageDefinition(fromJSON(ADDER.json)).bench.Adder;
}

/** `@grpc/grpc-js` with `@grpc/proto-loader`. */
export const peer: RpcPeer = {
  async serve() {
    const { Server, ServerCredentials } = await load<Grpc>("@grpc/grpc-js");
    const server = new Server();
    server.addService((await adder()).service, {
      add: ({ request }: { readonly request: Amounts }, answer: Settle<Sum>) =>
        answer(null, { sum: request.a + request.b }),
    });
    return await new Promise((resolve, reject) =>
      server.bindAsync(
        `${HOST}:0`,
        ServerCredentials.createInsecure(),
        (error, port) => error ? reject(error) : resolve(port),
      )
    );
  },
  async open(port) {
    const { credentials } = await load<Grpc>("@grpc/grpc-js");
    const Adder = await adder();
    // A separate connection, not shared with another client of this process.
    const client = new Adder(`${HOST}:${port}`, credentials.createInsecure(), {
      "grpc.use_local_subchannel_pool": 1,
    });
    await new Promise<void>((resolve, reject) =>
      client.waitForReady(
        Date.now() + 5000,
        (error) => error === undefined ? resolve() : reject(error),
      )
    );
    return {
      add: (a, b) =>
        new Promise((resolve, reject) =>
          client.add(
            { a, b },
            (error, answer) => error ? reject(error) : resolve(answer.sum),
          )
        ),
      close: () => client.close(),
    };
  },
};
