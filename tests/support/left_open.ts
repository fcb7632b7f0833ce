/**
 * Makes a call over memory and leaves everything open. The deadline is in 24 days: none of it may keep this
 * program alive.
 *
 * @module
 */
import process from "node:process";
import { memoryPair } from "../../memory.ts";
import { rpc, service, u32 } from "../../mod.ts";

const Left = service({ rpc: { get: rpc({}, u32) } });
const pair = await memoryPair(Left, () => ({ get: () => 7 }), {
  client: { limits: { callTimeoutMs: 2 ** 31 - 1 } },
});
process.stdout.write(`${await pair.client.rpc.get()}\n`);
