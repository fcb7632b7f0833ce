/**
 * Connects, calls once, prints a line and ends: `first_call.ts nothing|raw|hardlight <url>`.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import process from "node:process";

const [way, url = ""] = process.argv.slice(2);
if (way === "raw") {
  const socket = new WebSocket(url);
  socket.onopen = () => socket.send(new Uint8Array(32));
  await new Promise((resolve) => socket.onmessage = resolve);
} else if (way === "hardlight") {
  const { connect } = await import("../../client.ts");
  const { Counter } = await import("../../examples/counter/service.ts");
  const client = await connect(Counter, url);
  await client.rpc.get();
}
console.log("called");
process.exit(0);
