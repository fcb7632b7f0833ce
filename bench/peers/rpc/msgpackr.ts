/**
 * Handwritten calls: an id and the arguments in MessagePack, a table of waiting calls; `msgpackr` as its
 * documentation has it (https://github.com/kriszyp/msgpackr), without records, which both ends would have to share.
 * The runtime's own sockets with their defaults, which deflate nothing; `deflating` is `ws` with
 * `perMessageDeflate: true`: level 1 would be an option, 6 and a threshold of 1,024 bytes are its defaults.
 *
 * @module
 */
import { load } from "./load.ts";
import {
  type Answer,
  answerBySocket,
  listenNative,
  listenWs,
  openNative,
  openWs,
} from "./native.ts";
import { EVENT, greet, type RpcClient, type RpcPeer } from "./types.ts";

interface Packr {
  pack(value: unknown): Uint8Array<ArrayBuffer>;
  unpack<T>(bytes: Uint8Array): T;
}

interface Args {
  readonly a: number;
  readonly b: number;
  readonly octets: Uint8Array;
  readonly text: string;
}

async function packrOf(): Promise<Packr> {
  const { Packr } = await load<{ Packr: new (options: object) => Packr }>("msgpackr");
  return new Packr({ useRecords: false });
}

async function answering(): Promise<Answer> {
  const packr = await packrOf();
  return (message, socket) => {
    const [id, method, args] = packr.unpack<[id: number, method: string, args: Args]>(message);
    let value: unknown;
    if (method === "add") value = args.a + args.b;
    else if (method === "echo") value = args.octets;
    else if (method === "say") value = args.text;
    else if (method === "hello") value = greet(args.text);
    else if (method === "listen") socket.listen();
    else socket.publish(packr.pack([-1, EVENT]));
    socket.send(packr.pack([id, value]));
  };
}

async function clientOn(socket: WebSocket): Promise<RpcClient> {
  const packr = await packrOf();
  const waiting = new Map<number, (value: never) => void>();
  let next = 0;
  let heard: () => void = () => {};
  socket.onmessage = ({ data }: { data: ArrayBuffer }) => {
    const [id, value] = packr.unpack<[id: number, value: never]>(new Uint8Array(data));
    if (id === -1) return heard();
    waiting.get(id)?.(value);
    waiting.delete(id);
  };
  const call = <T>(method: string, args: object): Promise<T> =>
    new Promise((resolve) => {
      const id = next++;
      waiting.set(id, resolve);
      socket.send(packr.pack([id, method, args]));
    });
  return {
    add: (a, b) => call("add", { a, b }),
    echo: (octets) => call("echo", { octets }),
    say: (text) => call("say", { text }),
    hello: (text) => call("hello", { text }),
    async listen(onEvent) {
      heard = onEvent;
      await call("listen", {});
    },
    emit: () => call("emit", {}),
    close: () => socket.close(),
  };
}

/** Over the runtime's own sockets. */
export const peer: RpcPeer = {
  serve: async () => await listenNative(await answering()),
  open: async (port) => await clientOn(await openNative(port)),
};

/** Over `ws` with its permessage-deflate. */
export const deflating: RpcPeer = {
  async serve() {
    const answer = await answering();
    const { server, port } = await listenWs(true);
    const listening = new Set<{ send(message: Uint8Array): void }>();
    server.on("connection", (socket) => answerBySocket(socket, answer, listening));
    return port;
  },
  open: async (port) => await clientOn(await openWs(port, true)),
};
