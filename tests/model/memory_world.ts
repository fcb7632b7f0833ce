/**
 * {@linkcode MemoryWorld}: a server and clients in one process, with a scripted clock and network. The same
 * commands give the same world.
 *
 * @module
 */
import type { Codec } from "../../codec/archive.ts";
import { createFullClient } from "../../client/full.ts";
import type { Client, ConnectOptions } from "../../client.ts";
import { memoryDialer, MemoryNetwork } from "../../runtime/memory.ts";
import { createZlibDeflater } from "../../runtime/node/zlib.ts";
import { type AcceptingCore, createCore } from "../../server/server_core.ts";
import type {
  CloseInfo,
  Dialer,
  Heard,
  Transport,
  TransportListener,
} from "../../wire/transport.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { testDeflater } from "../support/test_deflater.ts";
import { scriptedHandlers } from "./handlers.ts";
import { type Auth, type Event, History, type Methods, type State } from "./history.ts";
import { Scripted } from "./service.ts";
import { authorize, CLIENT_FAULTS, type Direction, type Link, type World } from "./world.ts";

const deflater = createZlibDeflater() ?? testDeflater;
/** Microtasks in which everything that needs no timer has happened. */
const TURNS = 300;

/** One connection through memory: the client's messages go up, the server's go down. */
class Wire implements Transport, TransportListener {
  readonly #transport: Transport;
  readonly #network: MemoryNetwork;
  readonly #waiting: Record<Direction, (() => void)[]> = { up: [], down: [] };
  readonly #stalled: Record<Direction, boolean> = { up: false, down: false };
  /** Messages either way after which it is cut. */
  messagesLeft = Infinity;
  #terminated = false;
  #frozen = false;
  /** How it ended, while that waits. */
  #closedWith: CloseInfo | undefined;
  listener: TransportListener | undefined;

  constructor(transport: Transport, network: MemoryNetwork) {
    this.#transport = transport;
    this.#network = network;
  }

  get bufferedAmount(): number {
    return this.#transport.bufferedAmount;
  }

  #pass(direction: Direction, run: () => void): void {
    if (this.#stalled[direction]) this.#waiting[direction].push(run);
    else run();
  }

  /** Whether one more message passes. */
  #carries(): boolean {
    if (this.messagesLeft-- > 0) return true;
    this.terminate();
    return false;
  }

  send(message: Uint8Array<ArrayBuffer>): void {
    const copy = message.slice();
    this.#pass("up", () => this.#carries() && this.#transport.send(copy));
  }

  close(code: number, reason: string): void {
    this.#pass("up", () => this.#transport.close(code, reason));
  }

  terminate(): void {
    this.#terminated = true;
    this.#transport.terminate();
    const info = this.#closedWith;
    if (info === undefined) return;
    this.#drop();
    this.onClose(info);
  }

  onMessage(message: Uint8Array): Heard {
    if (!this.#stalled.down) return this.#hear(message);
    let rest = message.slice();
    this.#waiting.down.push(() => {
      do rest = rest.subarray(Math.abs(this.#hear(rest) ?? rest.length)); while (rest.length > 0);
    });
  }

  #hear(message: Uint8Array): Heard {
    return this.#carries() ? this.listener?.onMessage(message) : undefined;
  }

  onClose(info: CloseInfo): void {
    // Waiting messages arrive before the end, but none once this side has closed.
    if (this.#terminated) this.#drop();
    this.#closedWith = info;
    this.#pass("down", () => {
      this.#closedWith = undefined;
      this.listener?.onClose(info);
    });
  }

  #drop(): void {
    this.#waiting.down = [];
    this.#stalled.down = false;
  }

  freeze(): void {
    this.#frozen = true;
    this.#network.freeze();
  }

  stall(direction: Direction): void {
    this.#stalled[direction] = true;
  }

  resume(): void {
    if (this.#frozen) return this.terminate();
    this.messagesLeft = Infinity;
    for (const direction of ["up", "down"] as const) {
      this.#stalled[direction] = false;
      for (const run of this.#waiting[direction].splice(0)) run();
    }
  }
}

/** A world in memory. */
export class MemoryWorld implements World {
  readonly clock: FakeClock = new FakeClock();
  readonly history: History = new History(() => this.clock.now());
  readonly #links: Map<number, Wire[]> = new Map();
  server: AcceptingCore<Event>;

  readonly #codec: Codec;

  /** Start a server. Both sides archive by `codec`. */
  constructor(codec: Codec) {
    this.#codec = codec;
    this.server = this.#serve();
  }

  #serve(): AcceptingCore<Event> {
    const { clock } = this;
    return createCore<Methods, State, Event, Auth>(
      Scripted,
      { authorize, onError: (error) => this.history.onServerError(error) },
      scriptedHandlers(this.history, { after: (delayMs, run) => void clock.after(delayMs, run) }),
      deflater,
      clock,
      this.#codec,
    );
  }

  async connect(
    index: number,
    options: ConnectOptions<Methods, State>,
  ): Promise<Client<Methods, State, Event>> {
    const { clock } = this;
    const wires: Wire[] = [];
    this.#links.set(index, wires);
    const dial: Dialer = async (request, open) => {
      const network = new MemoryNetwork(clock);
      await memoryDialer(this.server.acceptor, network)(request, (transport, dialed) => {
        const wire = new Wire(transport, network);
        wires.push(wire);
        wire.listener = open(wire, dialed);
        return wire;
      });
    };
    const client = createFullClient(Scripted, "ws://memory/", options, {
      dial,
      deflater,
      codec: this.#codec,
      clock,
      random: () => 0.1,
    });
    for (const plant of CLIENT_FAULTS) plant(client);
    await client.connect();
    return client;
  }

  link(index: number): Link {
    const wires = this.#links.get(index) ?? [];
    const last = wires.at(-1);
    return {
      cut: () => last?.terminate(),
      cutAfter: (amount) => last && (last.messagesLeft = amount % 7),
      // With messages only, nothing more arrives from a side that has closed.
      halfClose: (direction) => {
        last?.stall(direction);
        last && (last.messagesLeft = 0);
      },
      stall: (direction) => last?.stall(direction),
      freeze: () => last?.freeze(),
      heal: () => wires.forEach((wire) => wire.resume()),
    };
  }

  async restart(deadlineMs: number, goneMs: number): Promise<void> {
    const leave = this.history.enter("server.close()");
    void this.server.close({ deadlineMs }).then(leave);
    await this.pass(goneMs);
    this.server = this.#serve();
  }

  async turns(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await Promise.resolve();
  }

  async pass(ms: number): Promise<void> {
    const steps = Math.min(ms, 20);
    await this.turns(TURNS);
    for (let i = 0; i < steps; i++) {
      this.clock.advance(ms / steps);
      await this.turns(TURNS);
    }
  }

  async rest(holds: () => boolean): Promise<void> {
    await this.turns(TURNS);
    for (let i = 0; i < 400 && !holds(); i++) await this.pass(1000);
  }

  leftBehind(): unknown {
    return this.clock.pending;
  }

  async dispose(): Promise<void> {
    const closed = this.server.close();
    await this.pass(20_000);
    await closed;
  }
}
