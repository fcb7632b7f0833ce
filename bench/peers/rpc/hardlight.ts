/**
 * hardlight as its README has it.
 *
 * @module
 */
import { connect } from "../../../client.ts";
import { bytes, f64, rpc, service, string, struct, u32 } from "../../../mod.ts";
import { serve } from "../../../server.ts";
import { EVENT, greet, HOST, type RpcPeer } from "./types.ts";

const Desk = service({
  rpc: {
    add: rpc({ a: u32, b: u32 }, u32),
    addToTotal: rpc({ a: u32, b: u32 }, u32),
    echo: rpc({ octets: bytes }, bytes),
    say: rpc({ text: string }, string),
    hello: rpc({ text: string }, struct({ name: string, date: f64, input: string })),
    listen: rpc(),
    emit: rpc(),
  },
  state: { total: u32 },
  event: string,
});

interface How {
  readonly method?: "add" | "addToTotal";
  readonly tls?: boolean;
  /** Undefined: the default. */
  readonly level?: number;
}

function hardlight({ method = "add", tls = false, level }: How): RpcPeer {
  return {
    async serve() {
      const server = await serve(Desk, {
        port: 0,
        hostname: HOST,
        tls: tls ? "self-signed" : "plain",
      }, ({ state, subscriptions, events }) => ({
        add: ({ a, b }) => a + b,
        addToTotal({ a, b }) {
          state.total++;
          return a + b;
        },
        echo: ({ octets }) => octets,
        say: ({ text }) => text,
        hello({ text }) {
          const { name, date, input } = greet(text);
          return { name, date: date.getTime(), input };
        },
        listen: () => subscriptions.add("all"),
        emit: () => events.emit("all", EVENT),
      }));
      return server.port;
    },
    async open(port) {
      const url = `${tls ? "wss" : "ws"}://${HOST}:${port}`;
      const client = await connect(Desk, url, {
        ...(tls ? { tls: "self-signed" as const } : {}),
        ...(level === undefined ? {} : { level }),
      });
      const { rpc } = client;
      const call = rpc[method];
      return {
        add: (a, b) => call({ a, b }),
        echo: (octets) => rpc.echo({ octets }),
        say: (text) => rpc.say({ text }),
        hello: (text) => rpc.hello({ text }),
        async listen(onEvent) {
          const events = client.events();
          (async () => {
            for await (const _ of events) onEvent();
          })();
          await rpc.listen();
        },
        emit: () => rpc.emit(),
        close: () => client.close(),
      };
    },
  };
}

/** Every option at its default. */
export const plain: RpcPeer = hardlight({});
/** Nothing is deflated. */
export const level0: RpcPeer = hardlight({ level: 0 });
/** The call that changes the connection's state. */
export const changing: RpcPeer = hardlight({ method: "addToTotal" });
/** The first over TLS. */
export const secure: RpcPeer = hardlight({ tls: true });
