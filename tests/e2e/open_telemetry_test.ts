import { assert, assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { connect } from "../../client.ts";
import { rpc, service, stream, u32 } from "../../mod.ts";
import { serve } from "../../server.ts";
import { commandOf } from "../support/runtimes.ts";
import { until } from "../support/until.ts";

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

const key = Symbol.for("opentelemetry.js.api.1");
const world = globalThis as { [key: symbol]: unknown };

test("a loop that is left ends its spans without an error at both ends, an aborted one does not", async () => {
  const before = world[key];
  const spans: string[] = [];
  const startSpan = (_: string, { kind }: { kind: number }) => {
    const facts: string[] = [];
    return {
      setAttribute: (name: string, value: unknown) => facts.push(`${name}=${value}`),
      setStatus: ({ code }: { code: number }) => facts.push(`status=${code}`),
      end: () => spans.push([kind === 1 ? "server" : "client", ...facts].join(" ")),
    };
  };
  type Run = (span: unknown) => unknown;
  const startActiveSpan = (name: string, options: { kind: number }, run: Run) =>
    run(startSpan(name, options));
  world[key] = { trace: { getTracer: () => ({ startSpan, startActiveSpan }) } };
  try {
    const Clock = service({ name: "clock", rpc: { ticks: rpc({}, stream(u32)) } });
    await using server = await serve(
      Clock,
      { port: 0, hostname: "127.0.0.1", tls: "plain" },
      () => ({
        async *ticks(_, { signal }) {
          yield 1;
          await new Promise((_, reject) =>
            signal.addEventListener("abort", () => reject(signal.reason))
          );
        },
      }),
    );
    await using client = await connect(Clock, server.url);
    for await (const _ of client.rpc.ticks()) break;
    await until(() => spans.length === 2);
    const items = (sent: number, received: number): string =>
      `hardlight.items.sent=${sent} hardlight.items.received=${received}`;
    assertEquals(spans.splice(0).sort(), [`client ${items(0, 1)}`, `server ${items(1, 0)}`]);
    const controller = new AbortController();
    const ticks = client.rpc.ticks({}, { signal: controller.signal });
    await ticks.next();
    controller.abort();
    await until(() => spans.length === 2);
    assertEquals(spans.sort(), [
      `client ${items(0, 1)} error.type=Cancelled status=2`,
      `server ${items(1, 0)}`,
    ]);
  } finally {
    if (before === undefined) delete world[key];
    else world[key] = before;
  }
});

test("an OpenTelemetry API that is registered is used, by server and client", async () => {
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
