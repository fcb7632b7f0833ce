import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { ClientTelemetry } from "../../client/telemetry.ts";
import { rpc, service, stream, u32 } from "../../mod.ts";
import type { MethodInfo } from "../../service/types.ts";
import type { StreamingCall } from "../../stream/caller.ts";
import { RpcError } from "../../wire/errors.ts";
import type { Instruments, Span } from "../../wire/open_telemetry.ts";

/** Instruments that record their measurements. */
function recorder(): { readonly lines: string[]; readonly instruments: Instruments } {
  const lines: string[] = [];
  const span = (name: string, kind: number): Span => {
    const facts: string[] = [];
    return {
      setAttribute: (key, value) => facts.push(`${key}=${value}`),
      setStatus: ({ code }) => facts.push(`status=${code}`),
      end: () => void lines.push([`${name} kind=${kind}`, ...facts].join(" ")),
    };
  };
  return {
    lines,
    instruments: {
      tracer: {
        startSpan: (name, { kind }) => span(name, kind),
        startActiveSpan: (name, { kind }, run) => run(span(name, kind)),
      },
      durations: { record: (_, { "rpc.method": method }) => void lines.push(`record ${method}`) },
      connections: undefined,
    },
  };
}

const [plain, streams] = service({ rpc: { get: rpc({}, u32), items: rpc({}, stream(u32)) } })
  .methods as readonly [MethodInfo, MethodInfo];
const streaming: StreamingCall = { itemsSent: 2, itemsReceived: 5, giveUp() {}, begin() {} };

test("ClientTelemetry gives each call a span, with its items if it streams", async () => {
  const { lines, instruments } = recorder();
  const telemetry = new ClientTelemetry("Files", undefined, instruments);
  const call = telemetry.watch((method) =>
    method === plain ? Promise.resolve(1) : Promise.reject(new RpcError("Cancelled", ""))
  );
  await call(plain, {});
  await call(streams, {}, undefined, streaming).catch(() => {});
  assertEquals(lines, [
    "Files/get kind=2",
    "record get",
    "Files/items kind=2 hardlight.items.sent=2 hardlight.items.received=5 error.type=Cancelled status=2",
    "record items",
  ]);
});

test("ClientTelemetry gives what the server calls a span of a server", async () => {
  const { lines, instruments } = recorder();
  const telemetry = new ClientTelemetry("Files", undefined, instruments);
  telemetry.watchAnswer("confirm", Promise.resolve(true));
  telemetry.watchAnswer("confirm", Promise.reject(new Error("bug")));
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(lines, [
    "Files/confirm kind=1",
    "Files/confirm kind=1 error.type=Error status=2",
  ]);
});
