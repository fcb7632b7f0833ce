import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { describe, test } from "node:test";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { connect } from "../../client.ts";
import { runtimeName } from "../../runtime/detect.ts";
import { handler, type HandlerOf, serve, type ServerCore } from "../../server.ts";
import {
  type ConformanceCase,
  conformanceCases,
  MAX_MESSAGE_BYTES,
  type Verdict,
} from "../support/conformance_cases.ts";
import { answeredId, callOf, cutFrame, Echo, framesOf } from "../support/conformance_frames.ts";
import { RawClient } from "../support/raw_client.ts";
import { openFiles } from "../support/open_files.ts";
import { until } from "../support/until.ts";

const frame = framesOf("client");
/** The id of the call that shows whether a server goes on. */
const LAST_ID = 200;
/** Milliseconds to wait for a server that may send nothing. */
const PATIENCE_MS = 8000;

/** How often the cases are repeated until no file is left open. */
const MAX_ROUNDS = 10;

let nextId = 0;
const CASES = conformanceCases("client", (length) => callOf(nextId++ % LAST_ID, 5, length));

interface Outcome {
  readonly verdict: Verdict | "goes on after its close";
  readonly pong: string | undefined;
}

/** The behaviour of one server in one case. */
async function outcomeOf(
  port: number,
  { send, pong }: ConformanceCase,
  patienceMs: number,
): Promise<Outcome> {
  const client = await RawClient.connect(port);
  await client.upgrade();
  for (const chunk of send) {
    client.write(chunk);
    await turn();
  }
  client.write(frame(0x82, callOf(LAST_ID, 7)));
  let patient = true;
  const timer = setTimeout(() => {
    patient = false;
    client.socket.destroy();
  }, patienceMs);
  let unread = Buffer.alloc(0) as Buffer;
  let verdict: Outcome["verdict"] | undefined;
  let lastPong: string | undefined;
  for (;;) {
    await client.until(() => client.chunks.length > 0);
    unread = Buffer.concat([unread, ...client.chunks.splice(0)]);
    for (;;) {
      const next = cutFrame(unread);
      if (next === undefined) break;
      const { first, payload } = next.frame;
      unread = next.rest;
      if (verdict?.startsWith("close")) verdict = "goes on after its close";
      if (first === 0x88) {
        verdict = `close ${payload.length < 2 ? 1005 : payload.readUInt16BE(0)}`;
        client.write(frame(0x88, payload.subarray(0, 2)));
      } else if (first === 0x8a) lastPong = payload.toString("hex");
      else if (answeredId(payload) === LAST_ID) verdict = "answered";
    }
    // A pong may follow the answer.
    if (verdict === "answered" && (pong === undefined || lastPong === hexOf(pong))) break;
    if (client.ended && client.chunks.length === 0) break;
  }
  clearTimeout(timer);
  client.socket.destroy();
  return { verdict: verdict ?? (patient ? "ends" : "silent"), pong: lastPong };
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

const options = {
  limits: { maxMessageBytes: MAX_MESSAGE_BYTES, closeTimeoutMs: 500 },
  onError() {},
} as const;

const echo: HandlerOf<typeof Echo> = ({ subscriptions }) => {
  subscriptions.add("all");
  return { echo: ({ value }) => value, repeat: ({ octets }) => octets };
};

interface Started extends AsyncDisposable {
  readonly port: number;
  readonly core: ServerCore<number>;
}

interface Way {
  readonly name: string;
  start(): Promise<Started>;
  /** Deviations of this server from the table. The first match counts. */
  readonly deviations: readonly Deviation[];
}

type Deviation = readonly [cases: RegExp, verdict: Verdict];

/** Bun closes by itself, with the codes of RFC 6455, and accepts lengths that are not in their shortest form. */
const BUN: readonly Deviation[] = [
  [/^1 a length of \d+ in/, "answered"],
  [/^1 a length of 2\^/, "close 1009"],
  [/^9 .* over the limit|^9 a length|^9 100001/, "close 1009"],
];

/**
 * `Deno.serve` closes without a code where RFC 6455 requires one, accepts unmasked frames, and bounds a
 * text or a fragmented message by its own 64 MiB.
 */
const DENO_SERVE: readonly Deviation[] = [
  [/^1 a length of \d+ in/, "answered"],
  [/^1 a length of 2\^/, "ends"],
  [/^2 ping of (126|65536)/, "ends"],
  [/^2 pong of (126|65536)/, "answered"],
  [/^[34] /, "ends"],
  [/^5 a fragment inside/, "answered"],
  [/^5 (.*never begun|continuation of|text inside|binary inside|fragmented)/, "ends"],
  [/^6 text cut inside a character, in fragments/, "answered"],
  [/^6 .* (with an octet|with a lone|cut|of an overlong|of a surrogate|above|of five)/, "ends"],
  [/^7 close with half/, "ends"],
  [/^7 a reason of (124|65534)/, "close 1000"],
  [/^7 code 1014/, "close 1002"],
  [/^8 close, wrongly masked/, "close 1000"],
  [/^8 .*wrongly masked/, "answered"],
  [/^9 a length over/, "silent"],
  [/^9 a length of/, "ends"],
  [/^9 text over|^9 100001/, "answered"],
];

const SERVE: Way = {
  name: "serve()",
  async start() {
    const core = await serve(
      Echo,
      { ...options, port: 0, hostname: "127.0.0.1", tls: "plain" },
      echo,
    );
    return { port: core.port, core, [Symbol.asyncDispose]: () => core.close() };
  },
  deviations: runtimeName() === "bun" ? BUN : [],
};

const MOUNTED: Way = {
  name: "Deno.serve(handler().fetch)",
  start() {
    const core = handler(Echo, options, echo);
    const http = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, core.fetch);
    return Promise.resolve({
      port: http.addr.port,
      core,
      async [Symbol.asyncDispose]() {
        await core.close();
        await http.shutdown();
      },
    });
  },
  deviations: DENO_SERVE,
};

const WAYS = runtimeName() === "deno" ? [SERVE, MOUNTED] : [SERVE];

for (const { name, start, deviations } of WAYS) {
  describe(`${name}, by the classes of RFC 6455`, () => {
    test("does to each case what the table says, and answers another client", async () => {
      await using started = await start();
      const { port, core } = started;
      const client = await connect(Echo, `ws://127.0.0.1:${port}`, { reconnect: false });
      await client.rpc.echo({ value: 0 });
      let calls = 0;
      let calling = true;
      const caller = (async () => {
        for (; calling; calls++) {
          assertEquals(await client.rpc.echo({ value: calls }), calls);
          await sleep(1);
        }
      })();
      const differs: string[] = [];
      const unused = new Set(deviations);
      for (let round = 0;; round++) {
        const files = openFiles();
        for (const each of CASES) {
          const deviation = deviations.find(([cases]) => cases.test(each.name));
          const expect = deviation?.[1] ?? each.expect;
          if (deviation !== undefined) unused.delete(deviation);
          const { verdict, pong } = await outcomeOf(
            port,
            each,
            expect === "silent" ? 200 : PATIENCE_MS,
          );
          if (verdict !== expect) differs.push(`${each.name}: ${verdict}, not ${expect}`);
          if (each.pong !== undefined && pong !== hexOf(each.pong)) {
            differs.push(`${each.name}: its last pong carries ${pong}`);
          }
        }
        await until(() => core.stats().connections <= 1);
        // Tests of other files may run in this process, and open files meanwhile; a socket left here is left again.
        const closed = () => openFiles() <= files;
        for (let waits = 0; waits < 100 && !closed(); waits++) await sleep(20);
        if (closed()) break;
        assert(round < MAX_ROUNDS, `${openFiles()} files are open, ${files} were`);
      }
      calling = false;
      await caller;
      assert(calls > 0);
      assertEquals(differs, []);
      assertEquals([...unused], []);
      assertEquals(client.status.state, "open");
      const { callsInFlight, subscriptions, topics, bufferedBytes, callsFailed } = core.stats();
      assertEquals([callsInFlight, subscriptions, topics, bufferedBytes, callsFailed], [
        0,
        1,
        1,
        0,
        0,
      ]);
      await client.close();
    });
  });
}
