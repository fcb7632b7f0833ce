/**
 * Our server of one of the peer's services, as the Rust peer's `server` is: it prints
 * `listening <port>` and ends with its input. For Deno and Bun.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { serve, type ServeOptions, type Server } from "../../server.ts";
import { counter, custom, echo, greet, log, pet, todo } from "./handlers.ts";
import type { Service } from "./peer.ts";
import { Animal, Counter, Custom, Echo, Todo } from "./services.ts";

const { values } = parseArgs({
  options: {
    service: { type: "string" },
    port: { type: "string", default: "0" },
    host: { type: "string" },
    cert: { type: "string" },
    key: { type: "string" },
  },
});
const big = 128 << 20;
const options: ServeOptions<undefined> = {
  port: Number(values.port),
  tls: values.cert !== undefined && values.key !== undefined
    ? { cert: readFileSync(values.cert, "utf8"), key: readFileSync(values.key, "utf8") }
    : "self-signed",
  limits: { maxMessageBytes: big, maxInflatedBytes: big, maxBufferedBytes: big },
  onError() {},
};

async function start(service: Service): Promise<Server<never>> {
  if (service === "pet") return await serve(Animal, options, pet);
  if (service === "todo") return await serve(Todo, options, todo);
  if (service === "custom") return await serve(Custom, options, custom);
  if (service === "counter") {
    const server = await serve(Counter, options, counter);
    void greet(server);
    return server as unknown as Server<never>;
  }
  const server = await serve(Echo, options, echo);
  void log(server);
  return server as unknown as Server<never>;
}

const server = await start(values.service as Service);
process.stdout.write(`listening ${server.port}\n`);
process.stdin.resume();
process.stdin.once("end", async () => {
  await server.close();
  process.exit(0);
});
