/**
 * Our client of one of the peer's services, which understands the commands of the Rust peer's
 * `client` (see `README.md`). For Deno, Bun and Node.
 *
 * @module
 */
import { encodeHex } from "@std/encoding";
import { readFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { type CallOptions, type Client, connect, RpcError } from "../../client.ts";
import { encode } from "../../codec/mod.ts";
import { RPC_HANDLER_ERRORS } from "../../mod.ts";
import { fromJson, snakeCase, toJson } from "./json.ts";
import type { Json, JsonObject, Outcome, PeerCall, PeerEvent, Service } from "./peer.ts";
import { SERVICES } from "./services.ts";

type Command = PeerCall & {
  readonly burst?: readonly PeerCall[];
  readonly state?: boolean;
  readonly events?: number;
  readonly disconnect?: boolean;
  readonly timeoutMs?: number;
};
type Caller = (args: unknown, options: CallOptions) => Promise<unknown>;

const { values } = parseArgs({
  options: {
    service: { type: "string", default: "echo" },
    port: { type: "string" },
    host: { type: "string", default: "localhost" },
    level: { type: "string", default: "6" },
    ca: { type: "string" },
    fingerprint: { type: "string" },
  },
});
const service = SERVICES[values.service as Service];
const WIRE_CODES: ReadonlySet<string> = new Set(RPC_HANDLER_ERRORS);
const big = 128 << 20;

async function call(client: Client<unknown, unknown, unknown>, command: PeerCall & Command) {
  const method = service.methods.find(({ name }) => snakeCase(name) === command.call);
  if (method === undefined) return { failed: `no method ${command.call}` };
  const { fields } = method.call;
  const args = Object.fromEntries(
    fields.map(({ key, schema }) => [
      key,
      fromJson(schema, command.args?.[snakeCase(String(key))] ?? null),
    ]),
  );
  const rpc = client.rpc as unknown as Record<string, Caller>;
  try {
    const output = await rpc[method.name]!(args, { timeoutMs: command.timeoutMs ?? 10_000 });
    return { ok: toJson(method.output, output) };
  } catch (error) {
    if (!(error instanceof RpcError)) return { failed: String(error) };
    if (error.code === "DeadlineExceeded") return { failed: "timed out" };
    return WIRE_CODES.has(error.code) ? { err: error.code } : { failed: error.code };
  }
}

const client = await connect(service, `wss://${values.host}:${values.port}`, {
  level: Number(values.level),
  tls: values.ca !== undefined
    ? { ca: readFileSync(values.ca, "utf8") }
    : values.fingerprint !== undefined
    ? { fingerprint: values.fingerprint }
    : "self-signed",
  limits: { maxMessageBytes: big, maxInflatedBytes: big, maxBufferedBytes: big },
  reconnect: false,
  onError: (error) => process.stderr.write(`${error}\n`),
});

const seen: PeerEvent[] = [];
let wake = (): void => {};
(async () => {
  for await (const { topic, payload } of client.events({ buffer: 100_000 })) {
    const schema = service.event!;
    seen.push({
      topic: { inner: encodeHex(topic.bytes), is_string: topic.isString },
      event: toJson(schema, payload),
      payload: encodeHex(encode(schema, payload)),
    });
    wake();
  }
})();

/** The next `count` events, or those that arrive in time. */
async function take(count: number, timeoutMs: number): Promise<PeerEvent[]> {
  let over = false;
  const timer = setTimeout(() => {
    over = true;
    wake();
  }, timeoutMs);
  while (seen.length < count && !over) await new Promise<void>((resolve) => wake = resolve);
  clearTimeout(timer);
  return seen.splice(0, count);
}

function state(): JsonObject {
  const current = client.state.current as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    service.state.map(([name, schema]) => [snakeCase(name), toJson(schema, current[name])]),
  );
}

let connected = true;
async function answer(command: Command): Promise<unknown> {
  if (command.events !== undefined) {
    return { events: await take(command.events, command.timeoutMs ?? 10_000) };
  }
  if (command.disconnect) {
    connected = false;
    await client.close();
    return { ok: null };
  }
  if (!connected) return { failed: "disconnected" };
  if (command.burst) {
    return {
      burst: await Promise.all(
        command.burst.map((one): Promise<Outcome> => call(client, one) as Promise<Outcome>),
      ),
    };
  }
  if (command.state) return { state: state() };
  return await call(client, command);
}

process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  const outcome = await answer(JSON.parse(line) as Command) as Json;
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
}
await client.close();
process.exit(0);
