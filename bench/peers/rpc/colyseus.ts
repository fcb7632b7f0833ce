/**
 * Colyseus: https://docs.colyseus.io/room/messages. A room whose `messages` answer `room.request()`, and
 * `broadcast()`; `WebSocketTransport`, its default, which is on `ws` and deflates nothing. Its `maxPayload` of
 * 4 KiB by default is raised: the echo would not pass. It asks for Node 22.
 *
 * @module
 */
// deno-lint-ignore-file no-explicit-any
import { load } from "./load.ts";
import { EVENT, greet, HOST, type RpcPeer } from "./types.ts";

/** Every connection is in one room. */
export const peer: RpcPeer = {
  async serve() {
    const { defineRoom, defineServer, Room } = await load("@colyseus/core");
    const { WebSocketTransport } = await load("@colyseus/ws-transport");
    class Desk extends Room {
      messages = {
        add: (_: any, { a, b }: { a: number; b: number }) => a + b,
        echo: (_: any, { octets }: { octets: Uint8Array }) => octets,
        say: (_: any, { text }: { text: string }) => text,
        hello: (_: any, { text }: { text: string }) => greet(text),
        emit: () => {
          (this as any).broadcast("event", EVENT);
          return true;
        },
      };
    }
    const transport = new WebSocketTransport({ maxPayload: 1 << 20 });
    const server = defineServer({ rooms: { desk: defineRoom(Desk) }, transport, greet: false });
    await server.listen(0, HOST);
    return transport.server.address().port;
  },
  async open(port) {
    const { Client } = await load("@colyseus/sdk");
    const room = await new Client(`http://${HOST}:${port}`).joinOrCreate("desk");
    let heard = (): void => {};
    room.onMessage("event", () => heard());
    return {
      add: (a, b) => room.request("add", { a, b }),
      echo: (octets) => room.request("echo", { octets }),
      say: (text) => room.request("say", { text }),
      hello: (text) => room.request("hello", { text }),
      listen(onEvent) {
        heard = onEvent;
        return Promise.resolve();
      },
      emit: () => room.request("emit"),
      close: () => room.leave(),
    };
  },
};
