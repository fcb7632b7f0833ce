import { assert, assertEquals } from "@std/assert";
import { once } from "node:events";
import process from "node:process";
import { after, test } from "node:test";
import { connect } from "../../client.ts";
import { RawClient, upgradeRequest } from "../support/raw_client.ts";
import { type Program, start, THIS_RUNTIME } from "../support/runtimes.ts";
import { Slow } from "./sigterm_service.ts";
import { Counter } from "../../examples/counter/service.ts";

const programs: Program[] = [];

async function program(script: string, ...args: string[]): Promise<Program> {
  const started = await start(THIS_RUNTIME, script, ...args);
  programs.push(started);
  return started;
}

// Those of a test that failed.
after(() => {
  for (const { child } of programs) if (child.exitCode === null) child.kill("SIGKILL");
});

/** Ask a program to end as an orchestrator does; its exit code. */
async function terminate({ child }: Program): Promise<unknown> {
  const exit = once(child, "exit");
  process.kill(child.pid!, "SIGTERM");
  return (await exit)[0];
}

test("SIGTERM: calls under way are answered, clients come back, and no peer holds it up", async () => {
  const first = await program("e2e/sigterm_server.ts", "0");
  const port = first.firstLine;
  const causes: (string | undefined)[] = [];
  const client = await connect(Slow, `ws://127.0.0.1:${port}`, { level: 0 });
  client.onStatus(({ state, cause }) => causes.push(`${state} ${cause?.message ?? ""}`));

  const deaf = await RawClient.connect(Number(port));
  await deaf.upgrade();
  deaf.socket.pause();
  const half = await RawClient.connect(Number(port));
  half.write(upgradeRequest().slice(0, 40));
  // More than the system's buffers on both sides take.
  await client.rpc.flood({ count: 64 });

  const slow = client.rpc.slow({ ms: 400 });
  await client.rpc.slow({ ms: 0 });
  assertEquals(await Promise.all([slow, terminate(first)]), [400, 0]);
  assert(causes[0]?.startsWith("reconnecting") && causes[0].includes("4001"), causes[0]);
  deaf.socket.destroy();
  half.socket.destroy();

  const second = await program("e2e/sigterm_server.ts", port);
  await new Promise<void>((resolve) => {
    client.onStatus(({ state }) => state === "open" && resolve());
    if (client.status.state === "open") resolve();
  });
  assertEquals(await client.rpc.slow({ ms: 1 }), 1);
  await client.close();
  await terminate(second);
});

test("SIGTERM: the counter's example drains and ends with 0", async () => {
  const counter = await program("../examples/counter/server.ts", "--port", "0");
  const { port } = new URL(/wss:\S+/.exec(counter.firstLine)![0]);
  const client = await connect(Counter, `wss://localhost:${port}`, { tls: "self-signed" });
  await client.rpc.newCounter();
  assertEquals(await terminate(counter), 0);
  await client.close();
});
