/**
 * Drives the counter: prints the calls, the state and the events as they come.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { connect } from "../../client.ts";
import { option } from "../support.ts";
import { Counter } from "./service.ts";

const url = `wss://localhost:${option("port", 8080)}`;
await using client = await connect(Counter, url, { tls: "self-signed" });
console.log(`Connected to ${url}`);

// Only events of the topics that the server has subscribed this client to.
const printed = (async () => {
  let count = 0;
  for await (const { topic, payload } of client.events()) {
    console.log(`  event on ${JSON.stringify(topic)}:`, payload);
    if (++count === 3) return;
  }
})();

console.log("newCounter()");
await client.rpc.newCounter();
console.log("  state:", JSON.stringify(client.state.current));

console.log("increment({ amount: 1 })");
await client.rpc.increment({ amount: 1 });
console.log("  state:", JSON.stringify(client.state.current));

console.log("decrement({ amount: 1 })");
await client.rpc.decrement({ amount: 1 });
console.log("  state:", JSON.stringify(client.state.current));

console.log("get() →", await client.rpc.get());
await printed;
