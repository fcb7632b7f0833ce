import { assertEquals, assertRejects } from "@std/assert";
import { encodeHex } from "@std/encoding";
import { test } from "node:test";
import { startCalls } from "../../client/calls.ts";
import { makeCalls } from "../../client/client.ts";
import { UPLOADING } from "../../stream/open_outlet.ts";
import { createEventHub } from "../../client/events.ts";
import { startPageCalls } from "../../client/page_calls.ts";
import type { StartCalls } from "../../client/parts.ts";
import { openSession } from "../../client/session.ts";
import { onAbort } from "../../wire/signals.ts";
import { mirrorState } from "../../client/state_mirror.ts";
import { NO_COUNTS } from "../../client/types.ts";
import { interpret } from "../../codec/archive.ts";
import {
  type CallsOf,
  type MethodsOf,
  rpc,
  RpcError,
  service,
  stream,
  string,
  u32,
} from "../../mod.ts";
import { storedFraming } from "../../runtime/browser.ts";
import { timersOf } from "../../wire/clock.ts";
import { DEFAULT_LIMITS } from "../../wire/limits.ts";
import { unframeBy } from "../../wire/receiver.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { FakePeer } from "../support/fake_peer.ts";
import { isShortMessage } from "../support/short_messages.ts";
import { testDeflater } from "../support/test_deflater.ts";

const Target = service({
  rpc: {
    get: rpc({}, u32),
    say: rpc({ text: string }, string),
    count: rpc({ to: u32 }, stream(u32)),
  },
});

/** Both ways to make calls, with their functions to read messages from frames. */
const CORES = {
  "": [startCalls(testDeflater), { ...storedFraming, unframe: unframeBy(testDeflater) }],
  " in a page": [startPageCalls, storedFraming],
} as const satisfies Readonly<Record<string, readonly [StartCalls, typeof storedFraming]>>;

class Peer extends FakePeer {
  /** The received messages, unchanged. */
  readonly sent: Uint8Array[] = [];

  override send(message: Uint8Array<ArrayBuffer>): void {
    this.sent.push(message.slice());
    super.send(message);
  }
}

function setUp([core, framing]: (typeof CORES)[keyof typeof CORES]) {
  const peer = new Peer();
  peer.extended = true;
  const clock = new FakeClock();
  const ignore = (): void => {};
  const session = openSession(peer, {
    startCalls: core,
    framing,
    codec: interpret,
    level: 6,
    limits: DEFAULT_LIMITS,
    whenFull: "fail",
    clock,
    ...timersOf(clock),
    onAbort,
    event: undefined,
    events: createEventHub<unknown>(DEFAULT_LIMITS, ignore, onAbort),
    state: mirrorState<unknown>([], { ...timersOf(clock), onAbort }, ignore),
    counters: { ...NO_COUNTS },
    report: ignore,
  }, 1);
  peer.attach(session);
  const calls: CallsOf<MethodsOf<typeof Target>> = makeCalls(
    Target.methods,
    (method, args, options, streaming) => session.calls.call(method, args, options, streaming),
    UPLOADING,
  );
  return { peer, session, calls };
}

test("small calls are short, and mean what they would mean", async () => {
  const { peer, calls } = setUp(CORES[""]);
  const answers = [
    calls.get(),
    calls.say({ text: "1234567" }),
    calls.say({ text: "x".repeat(200) }),
  ];
  assertEquals(peer.sent.slice(0, 2).map(encodeHex), [
    "0700000c",
    "07010c00010000003132333435363707",
  ]);
  assertEquals(peer.sent.map(isShortMessage), [true, true, false]);
  assertEquals(peer.argsOf(1, Target.methods[1]!), { text: "1234567" });
  peer.bytes(Uint8Array.of(7, 0, 4, 0, 7, 0, 0, 0));
  assertEquals(await answers[0], 7);
  for (const id of [1, 2]) peer.reply(id, string, "y");
  assertEquals(await Promise.all(answers.slice(1)), ["y", "y"]);
});

test("a page sends up to 16,384 bytes of calls in one message, and one byte more in two", async () => {
  /** The messages of calls in one turn, each with so many bytes of text. */
  const sent = async (...lengths: number[]): Promise<number[]> => {
    const { peer, calls } = setUp(CORES[" in a page"]);
    for (const length of lengths) {
      void calls.say({ text: "x".repeat(length) }).catch(() => {});
    }
    await Promise.resolve();
    peer.end();
    return peer.sent.map((message) => message.length);
  };
  // 5 bytes of a stored block's header, and an archive of a multiple of 4.
  const around = (await sent(4000))[0]! - 4000;
  const last = 16_384 - 3 * (4000 + around) - around;
  assertEquals(await sent(4000, 4000, 4000, last), [16_384]);
  // Five headers and one byte more.
  const less = 16_385 - 4 * (3000 + around) - around;
  const five = await sent(3000, 3000, 3000, 3000, less);
  assertEquals(five, [4 * (3000 + around), less + around]);
  assertEquals(five[0]! + five[1]!, 16_385);
});

for (const [where, core] of Object.entries(CORES)) {
  test(`short answers and items are read, several in one message too${where}`, async () => {
    const { peer, calls, session } = setUp(core);
    const [one, two] = [calls.get(), calls.get()];
    const items = calls.count({ to: 2 });
    const messages = [
      [7, 1, 4, 0, 9, 0, 0, 0],
      [31, 2, 4, 0, 1, 0, 0, 0],
      [31, 3, 4, 0, 1, 0, 0, 0],
      [31, 2, 4, 0, 2, 0, 0, 0],
      [7, 0, 4, 0, 8, 0, 0, 0],
      [7, 2, 0, 0],
    ];
    let rest = Uint8Array.from(messages.flat());
    while (rest.length > 0) {
      const taken = session.onMessage(rest);
      rest = rest.subarray(typeof taken === "number" ? Math.abs(taken) : rest.length);
    }
    assertEquals(await Promise.all([one, two]), [8, 9]);
    const got: number[] = [];
    for await (const item of items) got.push(item);
    assertEquals(got, [1, 2]);
    assertEquals(peer.closedWith, undefined);
  });

  test(`a short message that is cut, or of another kind, ends the session${where}`, async () => {
    const whole = [7, 0, 4, 0, 7, 0, 0, 0];
    const cut = whole.slice(1).map((_, i) => whole.slice(0, i + 1));
    const others = [1, 2, 4, 5, 6, 8, 31].map((tag) => [tag << 3 | 7, 0, 0, 0]);
    for (const bytes of [...cut, ...others]) {
      const { peer, calls } = setUp(core);
      const answer = calls.get();
      peer.bytes(Uint8Array.from(bytes));
      const error = await assertRejects(() => answer, RpcError) as RpcError;
      assertEquals(error.code, "ConnectionLost", String(bytes));
      assertEquals((error.cause as { code: string }).code, "BadMessage", String(bytes));
      assertEquals(peer.closedWith?.code, 4002);
    }
  });

  test(`a short answer that is no output of its method is refused${where}`, async () => {
    for (let length = 0; length < 4; length++) {
      const { peer, calls } = setUp(core);
      const answer = calls.get();
      peer.bytes(Uint8Array.of(7, 0, length, 0, ...[7, 0, 0].slice(0, length)));
      const error = await assertRejects(() => answer, RpcError) as RpcError;
      assertEquals(error.code, "ClientDecodeError");
      assertEquals(peer.closedWith?.code, 4002);
    }
  });
}
