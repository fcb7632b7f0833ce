/**
 * Calls by hand for libraries that serve WebSockets and have no calls: an id, a method and its arguments as JSON.
 * Bytes are sent as base64.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { EVENT, greet, type RpcClient } from "./types.ts";

/** The message of an event. */
export const EVENT_MESSAGE: string = JSON.stringify({ event: EVENT });

/** A server's reaction to a message. */
export interface JsonSocket {
  send(message: object): void;
  listen(): void;
  publish(): void;
}

/** A call, as JSON. */
export interface JsonCall {
  readonly id: number;
  readonly method: string;
  readonly args: { readonly a: number; readonly b: number; readonly text: string };
}

/** Answer one. */
export function answerJson({ id, method, args }: JsonCall, socket: JsonSocket): void {
  let value: unknown;
  if (method === "add") value = args.a + args.b;
  else if (method === "echo" || method === "say") value = args.text;
  else if (method === "hello") value = greet(args.text);
  else if (method === "listen") socket.listen();
  else socket.publish();
  socket.send({ id, value });
}

/** A client on a WebSocket. */
export function jsonClient(socket: WebSocket): RpcClient {
  const waiting = new Map<number, (value: never) => void>();
  let next = 0;
  let heard: () => void = () => {};
  socket.onmessage = ({ data }: { data: string }) => {
    const { id, value } = JSON.parse(data);
    if (id === undefined) return heard();
    waiting.get(id)?.(value as never);
    waiting.delete(id);
  };
  const call = <T>(method: string, args: object): Promise<T> =>
    new Promise((resolve) => {
      const id = next++;
      waiting.set(id, resolve);
      socket.send(JSON.stringify({ id, method, args }));
    });
  return {
    add: (a, b) => call("add", { a, b }),
    echo: async (octets) => fromBase64(await call<string>("echo", { text: toBase64(octets) })),
    say: (text) => call("say", { text }),
    hello: (text) => call("hello", { text }),
    async listen(onEvent) {
      heard = onEvent;
      await call("listen", {});
    },
    emit: () => call("emit", {}),
    close: () => socket.close(),
  };
}

/** For libraries whose messages are JSON. */
export function toBase64(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString("base64");
}

/** Back. */
export function fromBase64(text: string): Uint8Array {
  return Buffer.from(text, "base64");
}
