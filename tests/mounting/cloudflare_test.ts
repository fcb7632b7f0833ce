/** Cloudflare's own runtime, by miniflare, which npm fetches once into the system's folder for such. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { connect } from "../../client.ts";
import { Counter } from "../../examples/counter/service.ts";
import { Chat } from "./worker.ts";

const PACKAGES = ["miniflare@4.20260426.0", "esbuild@0.28.2"];
const FOLDER = join(tmpdir(), `hardlight-${PACKAGES[0]}`);

/** Bundles a Worker, serves it, prints where, and ends with its input. */
const RUN = `
import { buildSync } from "esbuild";
import { Miniflare } from "miniflare";
const { outputFiles } = buildSync({
  entryPoints: [process.argv[2]],
  bundle: true,
  format: "esm",
  write: false,
  external: ["node:*"],
  conditions: ["workerd"],
});
const miniflare = new Miniflare({
  modules: true,
  script: outputFiles[0].text,
  compatibilityDate: "2026-04-01",
  compatibilityFlags: ["nodejs_compat"],
  durableObjects: { ROOMS: "Room" },
});
console.log(String(await miniflare.ready));
process.stdin.resume();
// It kills its own children at the exit; to dispose of it waits for their connections.
process.stdin.once("end", () => process.exit(0));
`;

/** Why it cannot be had, or `false`. */
function missing(): string | false {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, "package.json"), `{ "type": "module" }`);
  writeFileSync(join(FOLDER, "run.mjs"), RUN);
  const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"];
  const options = { cwd: FOLDER, stdio: "ignore", timeout: 120_000 } as const;
  const { status } = spawnSync("npm", ["install", ...quiet, ...PACKAGES], options);
  return status !== 0 && "npm has no miniflare";
}

const skip = missing();

async function served(script: string): Promise<{ readonly url: string } & AsyncDisposable> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn("node", ["run.mjs", path], {
    cwd: FOLDER,
    // workerd's own messages when it ends with requests in flight are ignored.
    stdio: ["pipe", "pipe", "ignore"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const lines = createInterface({ input: child.stdout! });
  const url = await new Promise<string>((resolve, reject) => {
    lines.once("line", resolve);
    void ended.then(() => reject(new Error(`${script} has ended`)));
  });
  return {
    url: url.replace("http", "ws"),
    async [Symbol.asyncDispose]() {
      child.stdin!.end();
      await ended;
    },
  };
}

const PATIENT = { skip, timeout: 60_000 };

test("the example at Cloudflare counts, in a Durable Object for each path", PATIENT, async () => {
  await using worker = await served("../../examples/mounting/cloudflare.ts");
  await using client = await connect(Counter, `${worker.url}one`);
  const events = client.events();
  await client.rpc.newCounter();
  await client.rpc.increment({ amount: 3 });
  assertEquals(client.state.current.counter, 3);
  assertEquals((await events.next()).value?.payload, { type: "incremented", to: 3, from: 0 });
});

test("connections of one Durable Object exchange events", PATIENT, async () => {
  await using worker = await served("worker.ts");
  await using one = await connect(Chat, `${worker.url}room`);
  await using other = await connect(Chat, `${worker.url}room`);
  await using elsewhere = await connect(Chat, `${worker.url}another`);
  for (const client of [one, other, elsewhere]) await client.rpc.join();
  const heard = [one, other, elsewhere].map((client) => client.events());
  await one.rpc.say({ text: "hello" });
  await elsewhere.rpc.say({ text: "echo" });
  const texts = await Promise.all(
    heard.map(async (events) => (await events.next()).value?.payload),
  );
  assertEquals(texts, ["hello", "hello", "echo"]);
});

test("connections of a Worker alone cannot, and onError gets a way that can", PATIENT, async () => {
  await using worker = await served("worker.ts");
  await using one = await connect(Chat, `${worker.url}alone`, { reconnect: false });
  await using other = await connect(Chat, `${worker.url}alone`, { reconnect: false });
  await one.rpc.join();
  await other.rpc.join();
  const heard = one.events();
  // The emitting connection goes on; the other one is dropped.
  await one.rpc.say({ text: "hello" });
  assertEquals((await heard.next()).value?.payload, "hello");
  assertStringIncludes(await one.rpc.errors(), "have to be in one Durable Object");
});
