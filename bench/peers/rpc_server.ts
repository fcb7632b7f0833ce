/**
 * One peer's server in a process of its own: `rpc_server.ts <index>`.
 *
 * @module
 */
import process from "node:process";
import { announce } from "../servers/stdio.ts";
import { RPC_PEERS } from "./rpc_peers.ts";

const peer = RPC_PEERS[Number(process.argv[2])];
if (peer === undefined) {
  throw new RangeError(`Expected an index below ${RPC_PEERS.length}`);
}
await announce(await peer.serve(), undefined);
