/**
 * Serves the counter over TLS with a self-signed certificate, and a page on the same port.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { serve } from "../../server.ts";
import { exitOnSignal, option } from "../support.ts";
import { counterWithLobby, visitor } from "./lobby.ts";
import { page } from "./page.ts";
import { Counter } from "./service.ts";

const port = option("port", 8080);
await using server = await serve(Counter, {
  port,
  tls: "self-signed",
  authorize: visitor,
  fallback: page,
  onError: console.error,
}, counterWithLobby);

console.log(`The counter is at ${server.url}`);
console.log(
  `Its page: https://localhost:${server.port}/ (the certificate is self-signed: accept it once)`,
);
console.log(`Its certificate's SHA-256 fingerprint: ${server.fingerprint}`);
console.log(`
Call it from TypeScript:
  const client = await connect(Counter, "wss://localhost:${server.port}", { tls: "self-signed" });
  await client.rpc.increment({ amount: 1 });

Or watch a client call it, in a second terminal:
  deno task demo           (npx -y deno@2 task demo, bun run demo)
`);

// Several emitters may exist; this one is the application's.
const watching = (async () => {
  for await (const { type, topic } of server.topicNotifications()) {
    console.log(`Topic ${type}: ${JSON.stringify(topic)}`);
    if (type === "created") server.events.emit(topic, { type: "serverSentTest" });
  }
})();

await exitOnSignal();
console.log("Draining…");
await server.close();
await watching;
