/**
 * One node, over the engine and the port given, until its input ends. Prints its address.
 *
 * @module
 */
import process from "node:process";
import { serve } from "../../server.ts";
import { type EngineId, openBroker } from "./engines.ts";
import { sleep } from "./members.ts";
import { NextRooms, Rooms, rooms } from "./rooms.ts";

const [, , engine, port, version] = process.argv;
const { broker, close } = await openBroker(engine as EngineId, Number(port));
const options = { port: 0, hostname: "127.0.0.1", tls: "plain", broker, onError() {} } as const;
const status = (): unknown => ({ ...server.broker, connections: server.connections });
const server = version === "next"
  ? await serve(NextRooms, options, rooms(status))
  : await serve(Rooms, options, rooms(status));
while (server.broker?.link !== "up") await sleep(5);
process.stdout.write(`${server.url}\n`);
process.stdin.resume();
process.stdin.once("end", async () => {
  await server.close();
  await close();
  process.exit(0);
});
