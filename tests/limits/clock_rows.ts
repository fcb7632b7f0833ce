/**
 * Limits of time and of what waits, over transports in memory and a clock that is wound by hand.
 *
 * @module
 */
import { connectWith } from "../../client/mod.ts";
import type { Limits } from "../../mod.ts";
import { memoryDialer, MemoryNetwork } from "../../runtime/memory.ts";
import { ConnectError, RpcError } from "../../wire/errors.ts";
import { call, Demo, setUp } from "../server/support.ts";
import { fakeDialer, FakePeer } from "../support/fake_peer.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { ScriptedClient } from "../support/scripted_client.ts";
import { testDeflater } from "../support/test_deflater.ts";
import type { Dialer } from "../../wire/transport.ts";
import type { Outcome, Row } from "./row.ts";

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

function codeOf(promise: Promise<unknown>): Promise<Outcome> {
  return promise.then(() => "done", (error: unknown) => {
    if (error instanceof RpcError || error instanceof ConnectError) return error.code;
    throw error;
  });
}

function clientOf(dial: Dialer, clock: FakeClock, limits: Partial<Limits>) {
  return connectWith(Demo, "ws://fake/", { limits, reconnect: false }, {
    dial,
    clock,
    deflater: testDeflater,
  });
}

/** What a promise comes to when `elapsedMs` have passed, `otherwise` if it comes to nothing. */
async function after(
  clock: FakeClock,
  elapsedMs: number,
  outcome: Promise<Outcome>,
  otherwise: Outcome,
): Promise<Outcome> {
  await turn();
  clock.advance(elapsedMs);
  await turn();
  return await Promise.race([outcome, turn().then(() => otherwise)]);
}

/** A millisecond before the time, and the time. */
const time = (limit: number): Pick<Row, "limit" | "within" | "beyond"> => ({
  limit,
  within: limit - 1,
  beyond: limit,
});

/** The limits that can be set. */
export const CLOCK_LIMITS: Readonly<Partial<Record<keyof Limits, Row>>> = {
  maxBufferedBytes: {
    limit: 1000,
    expected: ["undefined", "4008"],
    async run(maxBufferedBytes, buffered) {
      const { core, clock } = setUp({ limits: { maxBufferedBytes, closeTimeoutMs: 5000 } });
      const client = await ScriptedClient.connect(core);
      client.bufferedAmount = buffered;
      for (let i = 0; i < 100; i++) client.call(1, call.get);
      // What was sent while it was being watched counts as progress, once.
      clock.advance(2 * 5000);
      const outcome = `${client.closedWith?.code}`;
      client.hangUp();
      return outcome;
    },
  },
  handshakeTimeoutMs: {
    ...time(700),
    expected: ["waits", "TimedOut"],
    async run(handshakeTimeoutMs, elapsedMs) {
      const clock = new FakeClock();
      const silent: Dialer = ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      const connecting = codeOf(clientOf(silent, clock, { handshakeTimeoutMs }));
      const outcome = await after(clock, elapsedMs, connecting, "waits");
      clock.advance(handshakeTimeoutMs);
      await connecting;
      return outcome;
    },
  },
  callTimeoutMs: {
    ...time(800),
    expected: ["waits", "DeadlineExceeded"],
    async run(callTimeoutMs, elapsedMs) {
      const clock = new FakeClock();
      const client = await clientOf(
        fakeDialer(() => new FakePeer()).dial,
        clock,
        { callTimeoutMs, idleTimeoutMs: 1 << 30 },
      );
      const calling = codeOf(client.rpc.get());
      const outcome = await after(clock, elapsedMs, calling, "waits");
      await client.close();
      await calling;
      return outcome;
    },
  },
  closeTimeoutMs: {
    ...time(900),
    expected: ["0 cut", "1 cut"],
    async run(closeTimeoutMs, elapsedMs) {
      const { core, clock, contexts } = setUp({ limits: { closeTimeoutMs } });
      const client = await ScriptedClient.connect(core);
      client.answersClose = false;
      contexts[0]!.connection.close();
      clock.advance(elapsedMs);
      const outcome = `${client.terminated} cut`;
      clock.advance(closeTimeoutMs);
      return outcome;
    },
  },
  idleTimeoutMs: {
    limit: 600,
    within: 2 * 600 - 1,
    beyond: 2 * 600,
    expected: ["1 open, 1 open", "0 open, 0 open"],
    async run(idleTimeoutMs, elapsedMs) {
      const limits = { idleTimeoutMs };
      const { core, clock } = setUp({ limits });
      const network = new MemoryNetwork(clock);
      const client = await clientOf(memoryDialer(core.acceptor, network), clock, limits);
      network.freeze();
      clock.advance(elapsedMs);
      await turn();
      const outcome = `${core.connections} open, ${client.status.state === "open" ? 1 : 0} open`;
      clock.advance(2 * idleTimeoutMs);
      await client.close();
      return outcome;
    },
  },
};

/** What a client does at a limit of its own, where a server has one by the same name. */
export const CLIENT_LIMITS: Readonly<Partial<Record<keyof Limits, Row>>> = {
  maxBufferedBytes: {
    limit: 1000,
    expected: ["sent", "TooManyCallsInFlight"],
    async run(maxBufferedBytes, buffered) {
      const clock = new FakeClock();
      const { dial, peers } = fakeDialer(() => new FakePeer());
      const client = await clientOf(dial, clock, { maxBufferedBytes });
      peers[0]!.bufferedAmount = buffered;
      const calling = codeOf(client.rpc.get());
      const outcome = await after(clock, 0, calling, "sent");
      await client.close();
      await calling;
      return outcome;
    },
  },
  closeTimeoutMs: {
    ...time(900),
    expected: ["waits", "done"],
    async run(closeTimeoutMs, elapsedMs) {
      const clock = new FakeClock();
      const { dial, peers } = fakeDialer(() => new FakePeer());
      const client = await clientOf(dial, clock, { closeTimeoutMs });
      peers[0]!.answersClose = false;
      const closing = codeOf(client.close());
      const outcome = await after(clock, elapsedMs, closing, "waits");
      clock.advance(closeTimeoutMs);
      await closing;
      return outcome;
    },
  },
};
