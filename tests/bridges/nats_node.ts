/**
 * One node, over the NATS server at the port given, until its input ends. Prints its address.
 *
 * @module
 */
import { connect } from "@nats-io/transport-node";
import process from "node:process";
import { natsBroker } from "../../bridges/nats.ts";
import { serve } from "../../server.ts";
import { Rooms, rooms } from "./rooms.ts";

const nats = await connect({
  port: Number(process.argv[2]),
  maxReconnectAttempts: -1,
  reconnectTimeWait: 50,
});
const server = await serve(
  Rooms,
  { port: 0, hostname: "127.0.0.1", tls: "plain", broker: natsBroker(nats), onError() {} },
  rooms((): unknown => server.broker),
);
process.stdout.write(`${server.url}\n`);
process.stdin.resume();
process.stdin.once("end", async () => {
  await server.close();
  await nats.close();
  process.exit(0);
});
