import { assert, assertEquals, assertRejects } from "@std/assert";
import { type ChildProcess, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect as connectSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { connect } from "../../client.ts";
import { Counter } from "../../examples/counter/service.ts";
import { ConnectError, rpc, service, u32 } from "../../mod.ts";
import { filesOf, resolved, textOf } from "../docs/markdown.ts";
import { endChild, spawnChild } from "../support/children.ts";
import { commandOf, type RuntimeId, start } from "../support/runtimes.ts";

interface Case {
  readonly name: string;
  readonly runtime: RuntimeId;
  readonly script: string;
  readonly args?: readonly string[];
  readonly path: string;
  readonly plain: readonly [path: string, body: string];
}

const CASES: readonly Case[] = [
  {
    name: "Hono on Deno",
    runtime: "deno",
    script: "hono.ts",
    path: "/counter",
    plain: ["/", "Hono is here"],
  },
  {
    name: "Hono on Bun",
    runtime: "bun",
    script: "hono.ts",
    path: "/counter",
    plain: ["/", "Hono is here"],
  },
  {
    name: "routes of Bun.serve",
    runtime: "bun",
    script: "bun_routes.ts",
    path: "/counter",
    plain: ["/health", "well"],
  },
  {
    name: "deno serve --parallel",
    runtime: "deno",
    script: "deno_serve.ts",
    args: ["serve", "-A", "--parallel", "--port", "0"],
    path: "/",
    plain: ["/", "This is a hardlight endpoint: connect with a hardlight client.\n"],
  },
];

async function started(child: ChildProcess): Promise<number> {
  // `deno serve` prints its address to stderr.
  const line = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout!, child.stderr!]) {
      createInterface({ input: stream }).on("line", (line) => /\d/.test(line) && resolve(line));
    }
    child.once("exit", (code) => reject(new Error(`The example ended with ${code}`)));
  });
  return Number(/(?:"port":|:)(\d+)/.exec(line)![1]);
}

for (const { name, runtime, script, args, path, plain } of CASES) {
  test(`the counter is mounted in ${name}`, async () => {
    const [command, ...first] = commandOf(runtime);
    const run = args ?? (runtime === "deno" ? ["run", "-A", "--quiet"] : ["run"]);
    const file = fileURLToPath(new URL(`../../examples/mounting/${script}`, import.meta.url));
    const child = spawnChild(command, [...first, ...run, file], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1" },
    });
    try {
      const port = await started(child);
      const url = `ws://localhost:${port}${path}`;
      {
        await using client = await connect(Counter, url);
        const events = client.events();
        await client.rpc.newCounter();
        await client.rpc.increment({ amount: 3 });
        assertEquals(client.state.current.counter, 3);
        assertEquals((await events.next()).value?.payload, { type: "incremented", to: 3, from: 0 });
        assertEquals(await client.rpc.get(), 3);
      }
      const Other = service({ rpc: { other: rpc() } });
      await assertRejects(async () => {
        await using _client = await connect(Other, url);
      }, ConnectError);
      const response = await fetch(`http://localhost:${port}${plain[0]}`);
      assertEquals(await response.text(), plain[1]);
    } finally {
      await endChild(child);
    }
  });
}

/** The server of `docs/mounting.md` with the package `ws`, as JavaScript for Node. */
async function wsServer(folder: string): Promise<string> {
  const code = filesOf(textOf("docs/mounting.md")).get("server.ts")!;
  const anywhere = "http.listen(0, () => console.log(JSON.stringify(http.address())));";
  const file = join(folder, "server.ts");
  const listening = resolved(code).replaceAll("file://", "").replace(
    "http.listen(8080);",
    anywhere,
  );
  assert(listening.includes(anywhere), "it listens on port 8080");
  await writeFile(file, listening);
  const bundle = join(folder, "server.mjs");
  const [bun, ...first] = commandOf("bun");
  const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));
  const args = ["build", "--target", "node", file, "--outfile", bundle];
  const { status, stderr } = spawnSync(bun, [...first, ...args], {
    env: { ...process.env, NODE_PATH: modules },
    encoding: "utf8",
  });
  assertEquals(status, 0, stderr);
  return bundle;
}

const node = spawnSync("node", ["--version"], { stdio: "ignore" }).status === 0;

/** Upgrades with a target or a host that is no part of a URL. */
const MALFORMED = [["/", "["], ["//[", "x"], ["/", ""]] as const;

test(
  "docs/mounting.md: the server with the package ws serves on Node, and malformed requests do not end it",
  {
    skip: node ? false : "no node on the PATH",
  },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "hardlight-"));
    const child = spawnChild("node", [await wsServer(folder)], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    try {
      const port = await started(child);
      for (const [target, host] of MALFORMED) {
        const socket = connectSocket(port, "localhost").on("error", () => {});
        socket.end(
          `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
        );
        await once(socket.resume(), "close");
      }
      const Dice = service({ rpc: { roll: rpc({}, u32) } });
      await using client = await connect(Dice, `ws://localhost:${port}/`);
      assertEquals(await client.rpc.roll(), 4);
      const Other = service({ rpc: { other: rpc() } });
      const error = await assertRejects(
        () => connect(Other, `ws://localhost:${port}/`),
        ConnectError,
      );
      assertEquals([error.code, error.status], ["SchemaMismatch", 400]);
      const response = await fetch(`http://localhost:${port}/`);
      assertEquals(await response.text(), "Node is here");
    } finally {
      await endChild(child);
      await rm(folder, { recursive: true });
    }
  },
);

test("Node is a client", { skip: node ? false : "no node on the PATH" }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "hardlight-"));
  await using program = await start("deno", "support/counter_server.ts", "self-signed");
  try {
    const { port } = new URL(JSON.parse(program.firstLine).url);
    const client = fileURLToPath(new URL("../../examples/counter/client.ts", import.meta.url));
    const bundle = join(folder, "client.mjs");
    const [bun, ...first] = commandOf("bun");
    spawnSync(bun, [...first, "build", "--target", "node", client, "--outfile", bundle]);
    const { stdout, status } = spawnSync("node", [bundle, "--secure-port", port], {
      encoding: "utf8",
    });
    assertEquals(status, 0);
    assert(/get\(\) .*\n +→ 3 /.test(stdout), stdout);
    // Each line of the demo explains itself.
    for (const line of stdout.trimEnd().split("\n")) assert(/^.{44} [a-z]/.test(line), line);
  } finally {
    await rm(folder, { recursive: true });
  }
});
