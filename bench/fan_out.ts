/**
 * One message to many connections: hardlight's events, compared with the runtime's own fastest means.
 *
 * All clients are connections of hardlight's transport that count frames. A turn repeats a trigger and the
 * wait for every frame.
 *
 * @module
 */
import { interpret } from "../codec/archive.ts";
import process from "node:process";
import { dial } from "../runtime/node/dial.ts";
import { STORED_HEADER_BYTES, writeStoredHeader } from "../deflate/stored.ts";
import { Writer } from "../codec/writer.ts";
import { writeRequest } from "../wire/client_message_writer.ts";
import type { Transport } from "../wire/transport.ts";
import type { Options } from "./options.ts";
import { progress } from "./progress.ts";
import { ServerProcess } from "./server_process.ts";
import { FanOut } from "./servers/fan_out.ts";
import { digits, median, times } from "./statistics.ts";
import type { Table } from "./table.ts";

const SUBSCRIBERS: readonly number[] = [1, 100, 1000];
/** Triggers a tick, and messages that each causes. */
const TICKS: readonly (readonly [triggers: number, count: number])[] = [[1, 1], [1, 8], [16, 1]];
const WAYS: readonly string[] = process.versions["bun"] === undefined
  ? ["loop", "hardlight"]
  : ["publish", "cork", "hardlight"];

interface Turn {
  readonly perSecond: number;
  readonly serverUs: number;
}

/** Connections to one server. */
class Crowd {
  readonly server: ServerProcess;
  readonly #trigger: (count: number) => Uint8Array<ArrayBuffer>;
  readonly #transports: Transport[] = [];
  #missing = 0;
  #resolve: () => void = () => {};

  constructor(server: ServerProcess, trigger: (count: number) => Uint8Array<ArrayBuffer>) {
    this.server = server;
    this.#trigger = trigger;
  }

  async grow(size: number): Promise<void> {
    while (this.#transports.length < size) {
      await dial({
        url: this.server.address.url,
        level: 0,
        maxMessageBytes: 1 << 20,
        idleTimeoutMs: 0,
        closeTimeoutMs: 5000,
        signal: new AbortController().signal,
      }, (transport) => {
        this.#transports.push(transport);
        return {
          onMessage: () => {
            if (--this.#missing === 0) this.#resolve();
          },
          onClose() {},
        };
      });
    }
  }

  /**
   * Send `triggers` that cause `count` messages each to every connection. Wait for these, and for the `answers`
   * to each trigger.
   */
  async #tick(triggers: number, count: number, answers: number): Promise<void> {
    this.#missing = triggers * (count * this.#transports.length + answers);
    await new Promise<void>((resolve) => {
      this.#resolve = resolve;
      for (let i = 0; i < triggers; i++) this.#transports[0]?.send(this.#trigger(count));
    });
  }

  async turn(
    triggers: number,
    count: number,
    answers: number,
    durationMs: number,
  ): Promise<Turn> {
    const cpuStart = await this.server.cpuUs();
    const start = performance.now();
    let frames = 0;
    do {
      await this.#tick(triggers, count, answers);
      frames += triggers * count * this.#transports.length;
    } while (performance.now() - start < durationMs);
    const seconds = (performance.now() - start) / 1000;
    return {
      perSecond: frames / seconds,
      serverUs: (await this.server.cpuUs() - cpuStart) / frames,
    };
  }

  close(): void {
    for (const transport of this.#transports) transport.terminate();
  }
}

function callTrigger(count: number): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  writer.position = writer.base = STORED_HEADER_BYTES;
  const [method] = FanOut.methods;
  if (method === undefined) throw new TypeError("The service has no method");
  writeRequest(interpret, writer, 0, method.call, { count });
  writeStoredHeader(writer.bytes, 0, writer.position - STORED_HEADER_BYTES);
  return writer.bytes.slice(0, writer.position);
}

/** Run all rounds. */
export async function runFanOut(options: Options): Promise<Table> {
  using servers = new DisposableStack();
  const crowds: { readonly way: string; readonly crowd: Crowd }[] = [];
  for (const way of WAYS) {
    const script = new URL("servers/fan_out.ts", import.meta.url);
    const server = servers.use(await ServerProcess.run(script, ["--way", way]));
    const trigger = way === "hardlight" ? callTrigger : (count: number) => Uint8Array.of(count);
    crowds.push({ way, crowd: new Crowd(server, trigger) });
  }
  const rows: string[][] = [];
  for (const size of SUBSCRIBERS) {
    for (const { crowd } of crowds) await crowd.grow(size);
    for (const [triggers, count] of TICKS) {
      const what = triggers === 1 ? `${count} to ${size}` : `${triggers} × ${count} to ${size}`;
      const turns = crowds.map((): Turn[] => []);
      for (let round = -1; round < options.rounds; round++) {
        progress(`fan-out: ${what}, round ${round + 1} of ${options.rounds}`);
        for (let i = 0; i < crowds.length; i++) {
          const at = (i + round + crowds.length) % crowds.length;
          const { way, crowd } = crowds[at] as typeof crowds[number];
          const turn = await crowd.turn(
            triggers,
            count,
            way === "hardlight" ? 1 : 0,
            options.floodMs,
          );
          if (round >= 0) turns[at]?.push(turn);
        }
      }
      const ours = turns[turns.length - 1] as Turn[];
      crowds.forEach(({ way }, at) => {
        const theirs = turns[at] as Turn[];
        const last = at === crowds.length - 1;
        rows.push([
          `${what}, ${way}`,
          digits(median(theirs.map(({ perSecond }) => perSecond))),
          last ? "" : times(median(ours.map((each, i) => each.perSecond / theirs[i]!.perSecond))),
          median(theirs.map(({ serverUs }) => serverUs)).toFixed(2),
          last ? "" : times(median(ours.map((each, i) => each.serverUs / theirs[i]!.serverUs))),
        ]);
      });
    }
  }
  for (const { crowd } of crowds) crowd.close();
  return {
    title: "Fan-out",
    columns: ["", "frames /s", "hardlight ÷", "server µs a frame", "hardlight ÷"],
    rows,
    notes: [
      "Messages a tick to so many connections; the next tick when all have come. 16 × 1: one each, caused " +
      "by 16 messages that come at once.",
    ],
  };
}
