/**
 * Colyseus: https://docs.colyseus.io/room/messages. A room whose `messages` answer `room.request()`, and
 * `broadcast()`; `WebSocketTransport`, its default, which is on `ws` and deflates nothing. Its `maxPayload` of
 * 4 KiB by default is raised: the echo would not pass. It asks for Node 22.
 *
 * @module
 */
import { load } from "./load.ts";
import { EVENT, greet, HOST, type RpcPeer } from "./types.ts";

interface Core {
  readonly Room: new () => { broadcast(event: string, text: string): void };
  defineRoom(room: unknown): unknown;
  defineServer(options: object): { listen(port: number, host: string): Promise<void> };
}

interface Transport {
  readonly server: { address(): { readonly port: number } };
}

interface RoomClient {
  onMessage(event: string, listener: () => void): void;
  request<T>(method: string, args?: object): Promise<T>;
  leave(): Promise<void>;
}

interface Sdk {
  readonly Client: new (url: string) => { joinOrCreate(room: string): Promise<RoomClient> };
}

/** Every connection is in one room. */
export const peer: RpcPeer = {
  async serve() {
    const { defineRoom, defineServer, Room } = await load<Core>("@colyseus/core");
    const { WebSocketTransport } = await load<{
      WebSocketTransport: new (options: object) => Transport;
    }>("@colyseus/ws-transport");
    class Desk extends Room {
      messages = {
        add: (_: unknown, { a, b }: { a: number; b: number }) => a + b,
        echo: (_: unknown, { octets }: { octets: Uint8Array }) => octets,
        say: (_: unknown, { text }: { text: string }) => text,
        hello: (_: unknown, { text }: { text: string }) => greet(text),
        emit: () => {
          this.broadcast("event", EVENT);
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
    const { Client } = await load<Sdk>("@colyseus/sdk");
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
