import { assert } from "@std/assert";
import { test } from "node:test";
import process from "node:process";
import { createInterface } from "node:readline";
import { DEFAULT_LIMITS } from "../../wire/limits.ts";
import { start, THIS_RUNTIME } from "../support/runtimes.ts";
import { findServer } from "./engines.ts";

// Measures the memory that a node holds, without garbage that Deno has not collected yet.
process.env.DENO_V8_FLAGS = "--expose-gc";
const RUNTIME = THIS_RUNTIME === "node" ? "deno" : THIS_RUNTIME;

for (const engine of ["nats", "redis"] as const) {
  const { start: startServer, skip } = findServer(engine);

  for (const topicBytes of ["", "1000"]) {
    test(
      `memory with a hanging ${engine} stays within 4 x maxBufferedBytes, in small events on ${
        topicBytes === "" ? "many topics" : `topics of ${topicBytes} bytes`
      }`,
      {
        skip,
        timeout: 60_000,
      },
      async () => {
        await using server = await startServer();
        await using node = await start(
          RUNTIME,
          "bridges/hanging.ts",
          engine,
          String(server.port),
          topicBytes,
        );
        server.pause();
        node.child.stdin!.write("hangs\n");
        const [line] = await Array.fromAsync(firstLine(node.child.stdout!));
        server.resume();
        const { most, dropped, published } = JSON.parse(line!);
        assert(dropped > 0 && published > 20_000);
        assert(most < 4 * DEFAULT_LIMITS.maxBufferedBytes / 2 ** 20, `${most} MiB`);
      },
    );
  }
}

async function* firstLine(input: NodeJS.ReadableStream): AsyncGenerator<string> {
  for await (const line of createInterface({ input })) return yield line;
}
