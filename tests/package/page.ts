/** The settings of a page's bundler template: no types of Node, `lib` of ES2022 and the DOM. */
import { type CodecError, rpc, service, u32, u64, variants } from "@hardlight/hardlight";
import { type ClientOf, connect } from "@hardlight/hardlight/client";
import { encode } from "@hardlight/hardlight/codec";
import { connect as connectPage } from "@hardlight/hardlight/browser";
import { memoryPair } from "@hardlight/hardlight/memory";

export const Counter = service({
  rpc: { add: rpc({ amount: u32 }, u64) },
  state: { count: u32 },
  event: variants({ added: { amount: u32 }, reset: null }),
});

/** The client's types are inferred from the declaration. */
export async function add(url: string, error?: CodecError): Promise<bigint> {
  const client: ClientOf<typeof Counter> = await connect(Counter, url);
  const page = await connectPage(Counter, url, { level: 0 });
  const pair = await memoryPair(Counter, () => ({ add: ({ amount }) => BigInt(amount) }));
  encode(u32, client.state.current.count + page.state.current.count + (error?.offset ?? 0));
  const sum: bigint = await pair.client.rpc.add({ amount: 1 });
  for await (const { payload } of client.events()) if (payload.type === "reset") break;
  await client[Symbol.asyncDispose]();
  return sum;
}
