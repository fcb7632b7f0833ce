import { assertEquals } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding";
import { test } from "node:test";
import { createCore } from "../../server/server_core.ts";
import { rawHandler } from "../../server/mod.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { ScriptedClient, upgradeRequest } from "../support/scripted_client.ts";
import { isShortMessage } from "../support/short_messages.ts";
import { testDeflater } from "../support/test_deflater.ts";
import { streaming } from "./streams_support.ts";
import { Demo, setUp, turn } from "./support.ts";

/** Of several messages in one, as PROTOCOL.md says. */
const MAX_BATCH_BYTES = 16_384;

/** The call `add({ amount: 7 })` of `Demo`, whose largest call has 12 bytes. */
const ADD = decodeHex("01000000 07000000 00000000".replaceAll(" ", ""));

/** A call sent as its first bytes, and the number of zero bytes after them. */
function shortCall(id: number, bytes: Uint8Array, zeros: number): Uint8Array {
  return Uint8Array.of(7, id, bytes.length, zeros, ...bytes);
}

const extended = (): Request => upgradeRequest({}, "/?hl-x=1");

test("a short call is the call that it is short for, and its answer is short", async () => {
  const { core, contexts } = setUp();
  const client = await ScriptedClient.connect(core, extended());
  const sent: Uint8Array[] = [];
  const send = client.send.bind(client);
  client.send = (message) => {
    sent.push(message.slice());
    send(message);
  };
  client.bytes(shortCall(1, ADD.subarray(0, 5), 7));
  client.bytes(shortCall(2, ADD.subarray(0, 8), 4));
  client.bytes(shortCall(3, ADD, 0));
  assertEquals(contexts[0]!.state.counter, 21);
  assertEquals(client.take().filter((said) => said.startsWith("response")), [
    "response 1 ",
    "response 2 ",
    "response 3 ",
  ]);
  assertEquals(sent.filter(isShortMessage).map(encodeHex), ["07010000", "07020000", "07030000"]);
});

test("a short call of any length is answered as the long one is, and the connection lives on", async () => {
  let [answered, failed] = [0, 0];
  for (let length = 0; length <= ADD.length; length++) {
    const client = await ScriptedClient.connect(setUp().core, extended());
    const other = await ScriptedClient.connect(setUp().core);
    for (let zeros = 0; zeros < 256; zeros += zeros < 20 ? 1 : 47) {
      const bytes = ADD.subarray(0, length);
      client.bytes(shortCall(1, bytes, zeros));
      other.rawCall(1, Uint8Array.of(...bytes, ...new Uint8Array(zeros)));
      const said = client.take();
      assertEquals(said, other.take(), `${length}, ${zeros}`);
      if (said.at(-1)!.startsWith("error")) failed++;
      else answered++;
    }
    assertEquals(client.closedWith, undefined);
  }
  assertEquals(answered > 30 && failed > 100, true, `${answered}, ${failed}`);
});

test("a short message that is cut, or of another kind, closes the connection", async () => {
  const message = shortCall(1, ADD, 0);
  const cut = Array.from({ length: message.length - 1 }, (_, i) => message.subarray(0, i + 1));
  const others = [1, 3, 4, 5, 6, 8, 31].map((tag) => Uint8Array.of(tag << 3 | 7, 1, 0, 0));
  for (const bytes of [...cut, ...others]) {
    const { core, errors } = setUp();
    const client = await ScriptedClient.connect(core, extended());
    client.bytes(bytes);
    assertEquals(client.closedWith?.code, 4002, encodeHex(bytes));
    assertEquals(errors.map(({ error }) => (error as { code: string }).code), ["BadMessage"]);
  }
});

test("what does not inflate and is too large to be several messages: the error says so", async () => {
  const limit = `: several in one have at most ${MAX_BATCH_BYTES} bytes`;
  for (const [length, says] of [[MAX_BATCH_BYTES, ""], [MAX_BATCH_BYTES + 1, limit]] as const) {
    const { core, errors } = setUp();
    const client = await ScriptedClient.connect(core, extended());
    client.bytes(new Uint8Array(length).fill(6));
    const message = `Cannot take a message, Corrupt: BadDeflate${says}`;
    assertEquals(client.closedWith, { code: 4002, reason: message });
    assertEquals(errors.map(({ error }) => (error as Error).message), [message]);
  }
});

test("without the extension a short message is no DEFLATE stream", async () => {
  const { core, errors } = setUp();
  const client = await ScriptedClient.connect(core);
  client.bytes(shortCall(1, ADD, 0));
  assertEquals(client.closedWith?.code, 4002);
  assertEquals(errors.map(({ error }) => (error as { code: string }).code), ["BadDeflate"]);
});

test("rawHandler() is given a short call with its zero bytes", async () => {
  const raw = rawHandler((bytes) => bytes);
  const core = createCore(Demo, {}, raw, testDeflater, new FakeClock());
  core.start();
  const client = await ScriptedClient.connect(core as never, extended());
  client.bytes(shortCall(1, ADD.subarray(0, 5), 7));
  client.bytes(shortCall(2, new Uint8Array(0), 255));
  assertEquals(client.take(), [
    `response 1 ${encodeHex(ADD)}`,
    `response 2 ${"00".repeat(255)}`,
  ]);
});

test("items of an argument may be short", async () => {
  const { client } = await streaming(() => ({
    async sum({ numbers, start }) {
      let sum = start;
      for await (const number of numbers) sum += number;
      return sum;
    },
  }));
  client.bytes(Uint8Array.of(7, 1, 5, 3, 1, 0, 0, 0, 10));
  client.bytes(Uint8Array.of(0x17, 1, 1, 3, 5));
  client.bytes(Uint8Array.of(0x17, 1, 0, 4));
  client.bytes(Uint8Array.of(0x17, 1, 4, 0, 0, 1, 0, 0));
  client.bytes(Uint8Array.of(0x17, 2, 1, 0, 9));
  client.end(1);
  await turn();
  await turn();
  assertEquals(client.take().at(-1), "response 1 0f010000");
  assertEquals(client.closedWith, undefined);
});
