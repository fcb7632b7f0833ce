/**
 * A NATS server, two nodes in separate processes, and a user on each: `deno task chat`. On a terminal you
 * can join in.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { connect } from "../../client.ts";
import { findNatsServer, NatsServer } from "../../tests/support/nats_server.ts";
import { Chat } from "./service.ts";

const command = findNatsServer();
if (command === undefined) {
  console.error(
    "nats-server was not found: apt-get install nats-server, or https://nats.io/download",
  );
  process.exit(1);
}

async function startNode(nats: number): Promise<{ url: string; child: ChildProcess }> {
  const script = fileURLToPath(new URL("node.ts", import.meta.url));
  const run = "Bun" in globalThis ? ["run"] : ["run", "-A", "--quiet"];
  const child = spawn(process.execPath, [...run, script, "--nats", String(nats)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [url] = await Array.fromAsync(firstLine(child));
  return { url: url ?? "", child };
}

async function* firstLine({ stdout }: ChildProcess): AsyncGenerator<string> {
  if (stdout === null) return;
  for await (const line of createInterface({ input: stdout })) return yield line;
}

async function join(url: string, name: string, onEvent: (text: string) => void) {
  const client = await connect(Chat, url);
  const events = client.events();
  (async () => {
    for await (const { payload } of events) {
      onEvent(
        payload.type === "said" ? `${payload.name}: ${payload.text}` : `${payload.name} joined`,
      );
    }
  })();
  await client.rpc.join({ room: "lobby", name });
  return client;
}

await using nats = await NatsServer.start(command);
const nodes = await Promise.all([startNode(nats.port), startNode(nats.port)]);
const [one, two] = nodes.map(({ url }) => url) as [string, string];
console.log(`NATS on port ${nats.port}, nodes at ${one} and ${two}`);

let left = 6;
const { promise: done, resolve } = Promise.withResolvers<void>();
const show = (node: string) => (text: string): void => {
  console.log(`  on ${node}: ${text}`);
  if (--left === 0) resolve();
};
const ann = await join(one, "Ann", show("node 1"));
const bob = await join(two, "Bob", show("node 2"));
await ann.rpc.say({ text: "Hello from node 1" });
await bob.rpc.say({ text: "And hello from node 2" });
await done;

if (process.stdin.isTTY) {
  console.log("Say something (on node 1); end with Ctrl-D.");
  for await (const text of createInterface({ input: process.stdin })) await ann.rpc.say({ text });
}
await ann.close();
await bob.close();
await Promise.all(nodes.map(({ child }) => {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill();
  return ended;
}));
