/** A chat at Cloudflare: in a Durable Object, where it works, and in a Worker alone, where it cannot. */
import { rpc, service, string } from "../../mod.ts";
import { handler, type Mounted, type StandardSocket } from "../../server.ts";

/** All joined clients receive each message. */
export const Chat = service({
  name: "Chat",
  rpc: { join: rpc(), say: rpc({ text: string }), errors: rpc({}, string) },
  event: string,
});

declare const WebSocketPair: new () => {
  readonly 0: StandardSocket;
  readonly 1: StandardSocket & { accept(): void };
};

function mount(): Mounted<string> {
  const errors: string[] = [];
  const onError = (error: unknown): void => void errors.push(String(error));
  return handler(Chat, { onError }, ({ subscriptions, events }) => ({
    join: () => void subscriptions.add("room"),
    say: ({ text }) => events.emit("room", text),
    errors: () => errors.join("\n"),
  }));
}

async function answer(mounted: Mounted<string>, request: Request): Promise<Response> {
  const decision = await mounted.upgrade(request);
  if (decision instanceof Response) return decision;
  const { 0: theirs, 1: ours } = new WebSocketPair();
  ours.accept();
  decision.accept(ours);
  const init = { status: 101, webSocket: theirs, headers: decision.headers };
  return new Response(null, init);
}

/** The Durable Object. */
export class Room {
  readonly #mounted = mount();

  fetch(request: Request): Promise<Response> {
    return answer(this.#mounted, request);
  }
}

const alone = mount();

interface Rooms {
  idFromName(name: string): unknown;
  get(id: unknown): { fetch(request: Request): Promise<Response> };
}

export default {
  fetch(request: Request, { ROOMS }: { readonly ROOMS: Rooms }): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/alone") return answer(alone, request);
    return ROOMS.get(ROOMS.idFromName(pathname)).fetch(request);
  },
};
