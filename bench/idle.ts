/**
 * What an idle connection costs a server, beside the runtime's own WebSocket server:
 * `deno run -A bench/idle.ts [--connections 10000] [--rounds 3] [--runtimes deno,bun,node] [--tls] [--record]`.
 *
 * The connections are plain sockets of this process, which shake hands by hand, so that they cost it
 * little. Both servers take their turn in each round, each in a process of its own.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { interpret } from "../codec/archive.ts";
import { Buffer } from "node:buffer";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import tls from "node:tls";
import { fileURLToPath } from "node:url";
import { Writer } from "../codec/writer.ts";
import { deflateStored, storedSize } from "../deflate/stored.ts";
import { Counter } from "../examples/counter/service.ts";
import { ALIAS } from "../wire/handshake.ts";
import { writeRequest } from "../wire/messages.ts";
import { describeMachine, machineLines } from "./machine.ts";
import { Progress } from "./progress.ts";
import { keep, rowsOfTable } from "./record.ts";
import { digits, median, times } from "./statistics.ts";
import { formatTable } from "./table.ts";

/** Handshakes under way at once: more than the kernel queues would be refused. */
const HANDSHAKES = 64;
/** Connections that a server has seen come and go before its memory is first read: its code is compiled. */
const WARM_UP = 1000;

const args = process.argv.slice(2);
const option = (name: string, fallback: string): string => {
  const at = args.indexOf(`--${name}`);
  return at === -1 ? fallback : args[at + 1] ?? fallback;
};
const connections = Number(option("connections", "10000"));
const rounds = Number(option("rounds", "3"));
const runtimes = option("runtimes", "deno,bun,node").split(",");
const secure = args.includes("--tls");

const SERVER = fileURLToPath(new URL("servers/idle.ts", import.meta.url));
const folder = mkdtempSync(`${tmpdir()}/hardlight-idle-`);

/** Node takes no types: for it the server is bundled, and `ws` fetched. */
function buildForNode(): string {
  const out = `${folder}/idle.mjs`;
  execFileSync("npm", ["install", "--silent", "--no-audit", "--prefix", folder, "ws@8.23.0"]);
  const flags = ["--bundle", "--format=esm", "--platform=node", "--target=node20"];
  execFileSync("deno", [
    "run",
    "-A",
    "npm:esbuild@0.28.2",
    SERVER,
    ...flags,
    "--external:ws",
    "--log-level=error",
    `--outfile=${out}`,
  ]);
  return out;
}

const COMMANDS: Readonly<Record<string, () => readonly string[]>> = {
  deno: () => ["deno", "run", "-A", "--quiet", "--v8-flags=--expose-gc", SERVER],
  bun: () => ["bun", SERVER],
  node: () => ["node", "--expose-gc", buildForNode()],
};

/** Kinds of servers beside `raw` and `hardlight`. */
const FURTHER: Readonly<Record<string, readonly string[]>> = {
  deno: ["mounted"],
  // Without it nothing of Bun's raw server is JavaScript but the socket.
  bun: ["raw with data"],
};

/** Bytes that a server has of each kind. */
interface Memory {
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
}

/** A server, and its memory. */
class IdleServer implements Disposable {
  readonly port: number;
  readonly #child: ReturnType<typeof spawn>;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ReturnType<typeof spawn>, lines: AsyncIterator<string>, port: number) {
    this.#child = child;
    this.#lines = lines;
    this.port = port;
  }

  static async start(command: readonly string[], kind: string): Promise<IdleServer> {
    const [program = "", ...rest] = command;
    const child = spawn(program, [...rest, kind, ...(secure ? ["--tls"] : [])], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    if (child.stdout === null) throw new TypeError("The server has no stdout");
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { value } = await lines.next();
    return new IdleServer(child, lines, Number(String(value).slice("listening ".length)));
  }

  async memory(): Promise<Memory> {
    this.#child.stdin?.write("\n");
    return JSON.parse((await this.#lines.next()).value ?? "") as Memory;
  }

  [Symbol.dispose](): void {
    this.#child.stdin?.end();
  }
}

const UPGRADE = Buffer.from(
  [
    "GET / HTTP/1.1",
    "Host: localhost",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    `Sec-WebSocket-Protocol: ${ALIAS}`,
    "\r\n",
  ].join("\r\n"),
);
/** A mask of zeros changes nothing. */
const MASK = [0, 0, 0, 0];
const PONG = Buffer.from([0x8a, 0x80, ...MASK]);

/** A call of `get`; a raw server sends it back. */
function callFrame(): Buffer {
  const writer = new Writer();
  const get = Counter.methods.find(({ name }) => name === "get");
  if (get === undefined) throw new TypeError("The counter has no method get");
  writeRequest(interpret, writer, 1, get.call, {});
  const archive = writer.bytes.subarray(0, writer.position);
  const payload = new Uint8Array(storedSize(archive.length));
  deflateStored(archive, payload);
  return Buffer.concat([Buffer.from([0x82, 0x80 | payload.length, ...MASK]), payload]);
}

/** Connect and shake hands. */
function open(port: number): Promise<net.Socket> {
  const where = { host: "127.0.0.1", port };
  const socket = secure ? tls.connect({ ...where, rejectUnauthorized: false }) : net.connect(where);
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once(secure ? "secureConnect" : "connect", () => socket.write(UPGRADE));
    socket.once("data", (answer: Uint8Array) => {
      if (!Buffer.from(answer).toString("latin1").startsWith("HTTP/1.1 101")) {
        return reject(new Error(`No upgrade: ${Buffer.from(answer).toString("latin1")}`));
      }
      socket.on("data", (frame: Uint8Array) => {
        if (frame[0] === 0x89) socket.write(PONG);
      });
      resolve(socket);
    });
  });
}

async function openMany(port: number, count: number): Promise<net.Socket[]> {
  const sockets: net.Socket[] = [];
  let left = count;
  await Promise.all(Array.from({ length: HANDSHAKES }, async () => {
    while (left-- > 0) sockets.push(await open(port));
  }));
  return sockets;
}

/** One message there and one back on each. */
async function callAll(sockets: readonly net.Socket[], frame: Buffer): Promise<void> {
  for (let at = 0; at < sockets.length; at += HANDSHAKES) {
    await Promise.all(
      sockets.slice(at, at + HANDSHAKES).map((socket) => {
        const answered = new Promise((resolve) => socket.once("data", resolve));
        socket.write(frame);
        return answered;
      }),
    );
  }
}

async function closeAll(sockets: readonly net.Socket[]): Promise<void> {
  for (const socket of sockets) socket.destroy();
  await sleep(500);
}

/** Bytes a connection. */
interface Cost {
  readonly opened: Memory;
  readonly called: Memory;
}

async function measure(command: readonly string[], kind: string): Promise<Cost> {
  using server = await IdleServer.start(command, kind);
  const frame = callFrame();
  const warm = await openMany(server.port, WARM_UP);
  await callAll(warm, frame);
  await closeAll(warm);
  const before = await server.memory();
  const sockets = await openMany(server.port, connections);
  const each = async (): Promise<Memory> => {
    const { rss, heapUsed, external } = await server.memory();
    return {
      rss: (rss - before.rss) / connections,
      heapUsed: (heapUsed - before.heapUsed) / connections,
      external: (external - before.external) / connections,
    };
  };
  const opened = await each();
  await callAll(sockets, frame);
  const called = await each();
  await closeAll(sockets);
  return { opened, called };
}

const machine = describeMachine("free");
console.log(machineLines(machine)[0], "\n");
const kindsOf = (runtime: string): string[] => ["raw", ...(FURTHER[runtime] ?? []), "hardlight"];
const progress = new Progress(runtimes.flatMap(kindsOf).length * rounds);
const rows: string[][] = [];
for (const runtime of runtimes) {
  const command = COMMANDS[runtime]?.();
  if (command === undefined) throw new TypeError(`No runtime ${runtime}: expected deno, bun, node`);
  const kinds = kindsOf(runtime);
  const costs: Record<string, Cost[]> = {};
  for (let round = 0; round < rounds; round++) {
    for (const kind of kinds) {
      progress.step(`${runtime}, ${kind}, round ${round + 1} of ${rounds}`);
      (costs[kind] ??= []).push(await measure(command, kind));
    }
  }
  progress.end();
  for (const kind of kinds) {
    const middle = (pick: (cost: Cost) => number): number => median((costs[kind] ?? []).map(pick));
    const ratio = (pick: (cost: Cost) => number): number =>
      median(
        (costs[kind] ?? []).map((cost, i) => pick(cost) / pick((costs["raw"] ?? [])[i] ?? cost)),
      );
    rows.push([
      `${runtime}, ${kind}`,
      digits(middle(({ opened }) => opened.rss)),
      times(ratio(({ opened }) => opened.rss)),
      digits(middle(({ called }) => called.rss)),
      times(ratio(({ called }) => called.rss)),
      digits(middle(({ called }) => called.heapUsed)),
      digits(middle(({ called }) => called.external)),
    ]);
  }
}
const table = {
  title: `Bytes of a server's memory for each of ${connections} idle connections, ${
    secure ? "wss" : "ws"
  }`,
  columns: ["", "opened", "÷ raw", "after a call", "÷ raw", "heap", "external"],
  rows,
  notes: [
    "Resident memory; heap and external memory after a collection and after a call. Goal: 1.3×.",
  ],
};
console.log(formatTable(table));
keep(secure ? "idle-tls" : "idle", {
  machine,
  versions: { runtimes: runtimes.join(", ") },
  settings: { connections, rounds },
  rows: rowsOfTable(table),
});
rmSync(folder, { recursive: true });
process.exit(0);
