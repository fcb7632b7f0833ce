import { Buffer } from "node:buffer";
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { startClient, startServer } from "./peer.ts";
import { clientProgram, PAIRS, serverProgram, SKIP } from "./programs.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
/** Around every change of how a message is deflated or framed. */
const SIZES = [0, 1, 126, 127, 128, 512, 4 * KIB, 65_535, 65_536];
/** The reference accepts frames of up to 16 MiB. */
const LEVELS: ReadonlyMap<number, readonly number[]> = new Map([
  [0, [...SIZES, MIB - 1, MIB, 8 * MIB, 15 * MIB]],
  [1, SIZES],
  [6, [...SIZES, MIB - 1, MIB, 8 * MIB]],
  [9, SIZES],
]);

/** Hex of `size` bytes, which compress or not. */
function payload(size: number, random: boolean): string {
  const bytes = Buffer.alloc(size, "hardlight ");
  if (random) {
    let state = 0x2545f491;
    for (let i = 0; i < size; i++) {
      state = Math.imul(state, 1_664_525) + 1_013_904_223 >>> 0;
      bytes[i] = state >>> 24;
    }
  }
  return bytes.toString("hex");
}

for (const [clientSide, serverSide] of PAIRS) {
  test(`${clientSide} client, ${serverSide} server: 0 bytes to 15 MiB`, {
    skip: SKIP,
  }, async (context) => {
    const client = clientProgram(clientSide);
    const server = serverProgram(serverSide);
    if (client === undefined || server === undefined) {
      context.skip(`${clientSide} cannot run here`);
      return;
    }
    await using started = await startServer(server, "echo");
    for (const [level, sizes] of LEVELS) {
      await using connected = await startClient(client, "echo", { port: started.port, level });
      for (const size of sizes) {
        for (const random of size < 8 * MIB ? [false, true] : [true]) {
          const v = payload(size, random);
          const answer = await connected.call("echo_bytes", { v }, 60_000);
          assertEquals("ok" in answer && answer.ok === v, true, `${size} bytes at ${level}`);
        }
      }
    }
  });
}
