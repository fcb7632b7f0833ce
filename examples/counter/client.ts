/**
 * Drives the counter, and explains each line that it prints: calls, the state, and events as they arrive.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { connect } from "../../client.ts";
import { option } from "../support.ts";
import { Counter } from "./service.ts";

const securePort = option("secure-port", 0);
const url = securePort > 0
  ? `wss://localhost:${securePort}`
  : `ws://localhost:${option("port", 8080)}`;
await using client = await connect(Counter, url, securePort > 0 ? { tls: "self-signed" } : {});

function say(what: string, shows: string): void {
  console.log(`${what.padEnd(44)} ${shows}`);
}

say(url, "connected, and the service is the same on both sides");

const EVENTS = 3;
const events = client.events();
const printed = (async () => {
  let count = 0;
  for await (const { payload } of events) {
    const { type, ...fields } = payload;
    const who = type === "serverSentTest" ? "the server's own event" : "the event of that call";
    say(`  event: ${type} ${Object.values(fields).reverse().join(" → ")}`, who);
    if (++count === EVENTS) return;
  }
})();

/** Make a call, then print the state, which came before the answer. */
async function call(name: string, start: () => Promise<unknown>, shows: string): Promise<void> {
  say(name, shows);
  const output = await start();
  if (output !== undefined) return say(`  → ${output}`, "what the call returned");
  say(`  state.counter: ${client.state.current.counter}`, "the server's number, mirrored here");
}

const { rpc } = client;
await call("newCounter()", () => rpc.newCounter(), "a call: a counter of this connection's own");
await call(
  "increment({ amount: 5 })",
  () => rpc.increment({ amount: 5 }),
  "a call with an argument",
);
await call("decrement({ amount: 2 })", () => rpc.decrement({ amount: 2 }), "another");
await call("get()", () => rpc.get(), "a call with an output");

const CALLS = 256;
const startedAt = performance.now();
await Promise.all(Array.from({ length: CALLS }, () => rpc.get()));
const tookMs = performance.now() - startedAt;
say(`${CALLS} × get() at once: ${tookMs.toFixed(1)} ms`, "one connection, all in flight together");
await printed;
