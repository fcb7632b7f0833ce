/** A Durable Object at Cloudflare, by `@cloudflare/workers-types` alone. */
import { rpc, service, u32 } from "@hardlight/hardlight";
import { handler } from "@hardlight/hardlight/server";

const Counter = service({ rpc: { add: rpc({ amount: u32 }, u32) } });

/** All connections of one object share its handler. */
export class Room {
  readonly #mounted = handler(Counter, {}, () => ({ add: ({ amount }) => amount }));

  async fetch(request: Request): Promise<Response> {
    const decision = await this.#mounted.upgrade(request);
    if (decision instanceof Response) return decision;
    const { 0: theirs, 1: ours } = new WebSocketPair();
    ours.accept();
    decision.accept(ours);
    return new Response(null, { status: 101, webSocket: theirs, headers: decision.headers });
  }
}
