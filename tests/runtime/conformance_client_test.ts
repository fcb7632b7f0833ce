import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { Buffer } from "node:buffer";
import { describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { connect, ProtocolError, RpcError } from "../../client.ts";
import {
  type ConformanceCase,
  conformanceCases,
  MAX_MESSAGE_BYTES,
  type Verdict,
} from "../support/conformance_cases.ts";
import { answerOf, callId, Echo, eventOf, framesOf } from "../support/conformance_frames.ts";
import { type Script, ScriptedServer } from "../support/scripted_server.ts";

const frame = framesOf("server");
const CASES = conformanceCases("server", (length) => eventOf(5, length));
const LIMITS = { maxMessageBytes: MAX_MESSAGE_BYTES, closeTimeoutMs: 500 } as const;

/** A client's actions, as the server saw them. */
interface Seen {
  readonly verdict: Verdict;
  readonly pong: string | undefined;
}

/** Answer calls until the client is done. */
async function behave(connection: Script): Promise<Seen> {
  let pong: string | undefined;
  for (;;) {
    const next = await connection.frame().catch(() => undefined);
    if (next === undefined) return { verdict: "ends", pong };
    const { opcode, payload } = next;
    const bytes = Buffer.from(payload);
    if (opcode === 10) pong = bytes.toString("hex");
    if (opcode === 2) connection.write(frame(0x82, answerOf(callId(payload), 7)));
    if (opcode !== 8) continue;
    connection.write(frame(0x88, payload.subarray(0, 2)));
    connection.socket.end();
    await connection.end().catch(() => {});
    return { verdict: `close ${bytes.length < 2 ? 1005 : bytes.readUInt16BE(0)}`, pong };
  }
}

/** Apply the case to the first call, then answer it. */
async function misbehave(connection: Script, { send }: ConformanceCase): Promise<Seen> {
  const call = await connection.frame();
  for (const chunk of send) {
    connection.write(chunk);
    await turn();
  }
  connection.write(frame(0x82, answerOf(callId(call.payload), 7)));
  return await behave(connection);
}

/** A server that misbehaves on the first connection to `/<case>` and on no other. */
class HostileServer {
  readonly seen: Map<number, Promise<Seen>> = new Map();
  #server: ScriptedServer | undefined;

  static async start(): Promise<HostileServer> {
    const started = new HostileServer();
    started.#server = await ScriptedServer.start(async (connection) => {
      await connection.upgrade();
      const index = Number(/^GET \/(\d+)/.exec(connection.request)?.[1]);
      const row = CASES[index];
      if (row === undefined || started.seen.has(index)) return void await behave(connection);
      const seen = misbehave(connection, row);
      started.seen.set(index, seen);
      await seen;
    });
    return started;
  }

  url(index: number): string {
    return `ws://127.0.0.1:${this.#server?.port}/${index}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
    assertEquals(this.#server?.errors, []);
  }
}

/** The code of a failed call, or of a connection's end. */
function codeOf(error: unknown): string {
  if (error instanceof RpcError || error instanceof ProtocolError) return error.code;
  return String(error);
}

describe("connect() to a hostile server, by the classes of RFC 6455", () => {
  test("goes on, or fails the call with a code and closes", async () => {
    await using server = await HostileServer.start();
    const differs: string[] = [];
    for (const [index, row] of CASES.entries()) {
      const client = await connect(Echo, server.url(index), { reconnect: false, limits: LIMITS });
      const call = await client.rpc.echo({ value: 7 }).then(
        (value) => value === 7 ? "answered" : "another answer",
        codeOf,
      );
      const ended = call === "answered" ? "open" : "closed";
      const { state, cause } = client.status;
      await client.close();
      const seen = await server.seen.get(index);
      const verdict = call === "answered" ? call : seen?.verdict;
      const pong = row.pong === undefined ? seen?.pong : Buffer.from(row.pong).toString("hex");
      const code = row.expect === "answered" ? call : "ConnectionLost";
      // An empty message, or text, is invalid, which is detected above the frames.
      const other = row.name.includes("binary") ? "BadDeflate" : "BadMessage";
      const why = row.expect === "close 4002" ? other : code;
      if (verdict !== row.expect) differs.push(`${row.name}: ${verdict}, not ${row.expect}`);
      if (call !== code) differs.push(`${row.name}: the call gets ${call}, not ${code}`);
      if (state !== ended) differs.push(`${row.name}: the client is ${state}, not ${ended}`);
      if (state === "closed" && codeOf(cause) !== why) {
        differs.push(`${row.name}: the client is closed by ${cause}`);
      }
      if (seen?.pong !== pong) differs.push(`${row.name}: its last pong carries ${seen?.pong}`);
    }
    assertEquals(differs, []);
  });

  const broken = CASES.filter((row) => row.expect === "close 1002" || row.expect === "close 4009");
  const firsts = [...new Map(broken.map((row) => [row.name.slice(0, 1), row] as const)).values()];
  assert(firsts.length >= 7);
  for (const row of firsts) {
    test(`connects again after "${row.name}", and is answered`, async () => {
      await using server = await HostileServer.start();
      const errors: unknown[] = [];
      await using client = await connect(Echo, server.url(CASES.indexOf(row)), {
        limits: LIMITS,
        onError: (error) => errors.push(error),
      });
      const open = new Promise<void>((resolve) => {
        client.onStatus(({ state }) => state === "open" && resolve());
      });
      await client.rpc.echo({ value: 7 }).then(
        () => assert(false),
        (error) => assertEquals(codeOf(error), "ConnectionLost"),
      );
      await open;
      assertEquals(await client.rpc.echo({ value: 7 }), 7);
      assertEquals(errors.map(codeOf), ["ConnectionLost"]);
      assertInstanceOf(errors[0], RpcError);
    });
  }
});
