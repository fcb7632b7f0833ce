/**
 * The counter at Cloudflare: every room is a Durable Object, which holds all its connections.
 *
 * A Worker alone is not enough: there a socket belongs to its request, and sending on it from another request
 * fails ("Cannot perform I/O on behalf of a different request"). With Wrangler, bind `ROOMS` to the class
 * `Room` and set the flag `nodejs_compat`.
 *
 * @module
 */
import { handler, type StandardSocket } from "../../server.ts";
import { counter } from "../counter/handler.ts";
import { Counter } from "../counter/service.ts";

/** The used parts of `@cloudflare/workers-types`. */
interface Socket extends StandardSocket {
  accept(): void;
}
interface Rooms {
  idFromName(name: string): unknown;
  get(id: unknown): { fetch(request: Request): Promise<Response> };
}
declare const WebSocketPair: new () => { readonly 0: Socket; readonly 1: Socket };

/** One object, in one place in the world, for all clients of a room. */
export class Room {
  // Created with the object, so topics, events and `connections` belong to this room.
  readonly #mounted = handler(Counter, {}, counter);

  /** Answers an upgrade. */
  async fetch(request: Request): Promise<Response> {
    const decision = await this.#mounted.upgrade(request, {
      address: request.headers.get("cf-connecting-ip") ?? "",
    });
    if (decision instanceof Response) return decision;
    const { 0: theirs, 1: ours } = new WebSocketPair();
    ours.accept();
    decision.accept(ours);
    const init = { status: 101, webSocket: theirs, headers: decision.headers };
    return new Response(null, init);
  }
}

export default {
  /** Sends each request to the room in its path. */
  fetch(request: Request, { ROOMS }: { readonly ROOMS: Rooms }): Promise<Response> {
    const { pathname } = new URL(request.url);
    return ROOMS.get(ROOMS.idFromName(pathname)).fetch(request);
  },
};
