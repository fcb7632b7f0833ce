/**
 * Serves the counter and its page on `http://localhost:8080`, and also over TLS with a self-signed
 * certificate. The two servers are independent: windows see each other's events only at the same address.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { serve } from "../../server.ts";
import { exitOnSignal, option } from "../support.ts";
import { counterWithLobby, visitor } from "./lobby.ts";
import { page } from "./page.ts";
import { Counter } from "./service.ts";

const options = { authorize: visitor, fallback: page, onError: console.error };
await using plain = await serve(
  Counter,
  { ...options, port: option("port", 8080), tls: "plain" },
  counterWithLobby,
);
await using secure = await serve(
  Counter,
  { ...options, port: option("secure-port", 8443), tls: "self-signed" },
  counterWithLobby,
);

console.log(
  `A counter on a server, called from a page: http://localhost:${plain.port}/ ` +
    `(over TLS: https://localhost:${secure.port}/)`,
);
console.log(`
Open it in two windows: each shows the events of the other. The certificate of the second address
is self-signed, so a browser asks you once; its SHA-256 fingerprint is
${secure.fingerprint}

A client in a terminal, whose events the page shows too:
  deno task demo           (npx -y deno@2 task demo, bun run demo)

Or call it from TypeScript:
  const client = await connect(Counter, "ws://localhost:${plain.port}");
  await client.rpc.increment({ amount: 1 });

What the server sees:`);

// Several emitters may exist; this one is the application's.
const watching = [plain, secure].map(async (server) => {
  for await (const { type, topic } of server.topicNotifications()) {
    console.log(`  topic ${type}: ${JSON.stringify(topic)}`);
    if (type === "created") server.events.emit(topic, { type: "serverSentTest" });
  }
});

await exitOnSignal();
console.log("Draining…");
await Promise.all([plain.close(), secure.close()]);
await Promise.all(watching);
