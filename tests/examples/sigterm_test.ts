import { assert, assertEquals } from "@std/assert";
import type { ChildProcess } from "node:child_process";
import net from "node:net";
import process from "node:process";
import { test } from "node:test";
import tls from "node:tls";
import { type ClientStatus, connect } from "../../client.ts";
import { Counter } from "../../examples/counter/service.ts";
import { CloseCode, DEFAULT_LIMITS } from "../../mod.ts";
import { Proxy } from "../support/proxy.ts";
import { upgradeRequest } from "../support/raw_client.ts";
import { commandOf, type RuntimeId, start } from "../support/runtimes.ts";
import { CLOSE_TIMEOUT_MS, Draining } from "./draining_server.ts";
import { until } from "../support/until.ts";

const RUNTIMES: readonly RuntimeId[] = ["deno", "bun"];
/** Extra time for a slow machine. */
const PATIENCE_MS = 10_000;
const TEST = { timeout: 90_000 };

/** Ask a process to end; its exit code, or the signal that it had to be cut by when its time was over. */
async function terminate(child: ChildProcess, deadlineMs: number): Promise<number | string | null> {
  const ended = new Promise<number | string | null>((resolve) => {
    child.once("exit", (code, signal) => resolve(code ?? signal));
  });
  // A second `child.kill()` does nothing on Deno.
  process.kill(child.pid!, "SIGTERM");
  const timer = setTimeout(() => process.kill(child.pid!, "SIGKILL"), deadlineMs + PATIENCE_MS);
  const code = await ended;
  clearTimeout(timer);
  return code;
}

/** A program that does not end with its input. */
async function startServer(runtime: RuntimeId, script: string, ...args: string[]) {
  const program = await start(runtime, script, ...args);
  return {
    ...program,
    async [Symbol.asyncDispose]() {
      if (program.child.exitCode === null) process.kill(program.child.pid!, "SIGKILL");
      await program[Symbol.asyncDispose]();
    },
  };
}

/** Peers that send part of a handshake. */
async function halfOpen(port: number): Promise<net.Socket[]> {
  const silent = net.connect({ host: "127.0.0.1", port });
  const noRequest = tls.connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
  const halfRequest = tls.connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
  const sockets = [silent, noRequest, halfRequest];
  for (const socket of sockets) socket.on("error", () => {});
  await Promise.all([
    new Promise((resolve) => silent.once("connect", resolve)),
    ...[noRequest, halfRequest].map((each) =>
      new Promise((resolve) => each.once("secureConnect", resolve))
    ),
  ]);
  halfRequest.write(upgradeRequest().slice(0, 60));
  return sockets;
}

/** A peer whose handshake is complete. */
async function upgraded(port: number, path: string): Promise<tls.TLSSocket> {
  const socket = tls.connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("secureConnect", resolve));
  socket.write(upgradeRequest({}, `GET ${path} HTTP/1.1`));
  await new Promise((resolve) => socket.once("data", resolve));
  return socket;
}

/** The code of the close frame that a server's bytes end with. */
function closeCodeOf(chunks: readonly Uint8Array[]): number {
  const bytes = chunks.flatMap((chunk) => [...chunk]);
  const at = bytes.lastIndexOf(0x88);
  return ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
}

for (const runtime of RUNTIMES) {
  const skip = commandOf(runtime)[0] === "npx" ? "npx does not pass signals on" : false;

  test(
    `SIGTERM on ${runtime}: calls are answered, clients go to the next server, the process ends`,
    { ...TEST, skip },
    async () => {
      await using first = await startServer(runtime, "examples/draining_server.ts");
      await using second = await startServer(runtime, "examples/draining_server.ts");
      const port = Number(new URL(first.firstLine).port);
      let url = first.firstLine;
      const statuses: ClientStatus["state"][] = [];
      await using client = await connect(Draining, () => url, { tls: "self-signed" });
      client.onStatus(({ state }) => statuses.push(state));
      const half = await halfOpen(port);
      // `pause()` of a socket with TLS stops nothing on Deno.
      await using proxy = await Proxy.start(port);
      const stopped = await upgraded(proxy.port, "/?flood");
      proxy.freeze();
      await client.rpc.flood();
      await until(async () => await client.rpc.bufferedBytes() > 1 << 20);
      const reading = await upgraded(port, "/");
      const chunks: Uint8Array[] = [];
      reading.on("data", (chunk: Uint8Array) => chunks.push(chunk));

      const calls = Array.from({ length: 20 }, (_, i) => client.rpc.slow({ ms: 500 + i }));
      await until(async () => await client.rpc.callsInFlight() > 20);
      url = second.firstLine;
      const code = await terminate(first.child, 3 * CLOSE_TIMEOUT_MS);
      assertEquals(await Promise.all(calls), Array.from(calls, (_, i) => 500 + i));
      assertEquals(code, 0);
      assertEquals(closeCodeOf(chunks), CloseCode.GoingAway);
      await until(() => client.status.state === "open" && statuses.length > 1);
      assertEquals(statuses, ["reconnecting", "open"]);
      assertEquals(await client.rpc.slow({ ms: 1 }), 1);
      for (const socket of [...half, stopped, reading]) socket.destroy();
    },
  );

  test(
    `SIGTERM on ${runtime} ends the counter's server`,
    { ...TEST, skip },
    async () => {
      await using program = await startServer(
        runtime,
        "../examples/counter/server.ts",
        ...["--port", "0", "--secure-port", "0"],
      );
      const [, address] = /(https:[^)]+)\)$/.exec(program.firstLine) ?? [];
      assert(address !== undefined, program.firstLine);
      const url = address.replace("https", "wss");
      await using client = await connect(Counter, url, { tls: "self-signed", reconnect: false });
      await client.rpc.newCounter();
      await client.rpc.increment({ amount: 2 });
      assertEquals(await client.rpc.get(), 2);
      const sockets = await halfOpen(Number(new URL(url).port));
      assertEquals(await terminate(program.child, 3 * DEFAULT_LIMITS.closeTimeoutMs), 0);
      for (const socket of sockets) socket.destroy();
    },
  );
}
