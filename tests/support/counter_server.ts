/**
 * Serves the counter until its input ends. Prints its address and fingerprint as JSON when it listens.
 *
 * @module
 */
import process from "node:process";
import { counter } from "../../examples/counter/handler.ts";
import { Counter } from "../../examples/counter/service.ts";
import { serve } from "../../server.ts";

const tls = process.argv[2] === "plain" ? "plain" : "self-signed";
const server = await serve(Counter, { port: 0, tls }, counter);
process.stdout.write(`${JSON.stringify({ url: server.url, fingerprint: server.fingerprint })}\n`);
(async () => {
  for await (const { type, topic } of server.topicNotifications()) {
    if (type === "created") server.events.emit(topic, { type: "serverSentTest" });
  }
})();
process.stdin.resume();
process.stdin.once("end", async () => {
  await server.close();
  process.exit(0);
});
