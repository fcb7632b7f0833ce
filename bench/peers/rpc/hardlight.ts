/**
 * hardlight as its README has it.
 *
 * @module
 */
import { connect } from "../../../client.ts";
import { rpc, service, u32 } from "../../../mod.ts";
import { serve } from "../../../server.ts";
import { HOST, type RpcPeer } from "./types.ts";

const Adder = service({
  rpc: {
    add: rpc({ amount: u32 }, u32),
    addToTotal: rpc({ amount: u32 }, u32),
  },
  state: { total: u32 },
});

type Method = "add" | "addToTotal";

function hardlight(method: Method, tls: boolean): RpcPeer {
  return {
    async serve() {
      const server = await serve(Adder, {
        port: 0,
        hostname: HOST,
        tls: tls ? "self-signed" : "plain",
      }, ({ state }) => ({
        add: ({ amount }) => amount + 1,
        addToTotal({ amount }) {
          state.total++;
          return amount + 1;
        },
      }));
      return server.port;
    },
    async open(port) {
      const client = await connect(
        Adder,
        `${tls ? "wss" : "ws"}://${HOST}:${port}`,
        {
          tls: "self-signed",
        },
      );
      const call = client.rpc[method];
      return { add: (amount) => call({ amount }), close: () => client.close() };
    },
  };
}

/** The call that only answers. */
export const plain: RpcPeer = hardlight("add", false);
/** The call that changes the connection's state. */
export const changing: RpcPeer = hardlight("addToTotal", false);
/** The first over TLS. */
export const secure: RpcPeer = hardlight("add", true);
