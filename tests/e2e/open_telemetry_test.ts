import { assert, assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { connect } from "../../client.ts";
import { rpc, service, u32 } from "../../mod.ts";
import { serve } from "../../server.ts";
import { commandOf } from "../support/runtimes.ts";

test("Deno's own OpenTelemetry exports a span for each call, on both sides", {
  timeout: 60_000,
}, () => {
  const [command, ...first] = commandOf("deno");
  const script = fileURLToPath(new URL("../support/traced_calls.ts", import.meta.url));
  const { stdout, stderr, status } = spawnSync(
    command,
    [...first, "run", "-A", "--quiet", script],
    {
      encoding: "utf8",
      env: {
        ...process.env,
        NO_COLOR: "1",
        OTEL_DENO: "true",
        OTEL_EXPORTER_OTLP_PROTOCOL: "console",
      },
    },
  );
  const output = stdout + stderr;
  assertEquals(status, 0);
  for (const name of ["traced/good", "traced/bad"]) {
    assertEquals(output.split(name).length > 2, true, `two spans of ${name} in:\n${output}`);
  }
  for (const fact of ["rpc.method", "HandlerPanicked", "hardlight"]) {
    assert(output.includes(fact), fact);
  }
  assert(!output.includes("a secret"));
  const [, parent] = /SPAN the last item .*\n\s*parent: (\w+)/.exec(output) ?? [];
  assert(new RegExp(`SPAN traced/items \\[\\w+/${parent}\\] Server`).test(output), output);
});

test("an OpenTelemetry API that is registered is used, by server and client", async () => {
  const key = Symbol.for("opentelemetry.js.api.1");
  const world = globalThis as { [key: symbol]: unknown };
  const before = world[key];
  const spans: string[] = [];
  const records: string[] = [];
  const span = (name: string, kind: number) => ({
    setAttribute() {},
    setStatus() {},
    end: () => spans.push(`${name} ${kind}`),
  });
  type Options = { kind: number };
  world[key] = {
    trace: {
      getTracer: () => ({
        startSpan: (name: string, { kind }: Options) => span(name, kind),
        startActiveSpan: (name: string, { kind }: Options, run: (span: unknown) => unknown) =>
          run(span(name, kind)),
      }),
    },
    metrics: {
      getMeter: () => ({
        createHistogram: (name: string) => ({ record: () => records.push(name) }),
        createUpDownCounter: (name: string) => ({
          add: (value: number) => records.push(`${name} ${value}`),
        }),
      }),
    },
  };
  try {
    const Traced = service({ name: "traced", rpc: { get: rpc({}, u32) } });
    const server = await serve(
      Traced,
      { port: 0, hostname: "127.0.0.1", tls: "plain" },
      () => ({ get: () => 1 }),
    );
    const client = await connect(Traced, `ws://127.0.0.1:${server.port}`);
    await client.rpc.get();
    await client.close();
    await server.close();
  } finally {
    if (before === undefined) delete world[key];
    else world[key] = before;
  }
  assertEquals(spans.sort(), ["traced/get 1", "traced/get 2"]);
  assertEquals(records.sort(), [
    "hardlight.client.connections -1",
    "hardlight.client.connections 1",
    "hardlight.server.connections -1",
    "hardlight.server.connections 1",
    "rpc.client.call.duration",
    "rpc.server.call.duration",
  ]);
});
