/** A server on Node, with sockets of the package `ws` as well as its own. */
import { handler, serve, type Server } from "@hardlight/hardlight/server";
import { selfSigned } from "@hardlight/hardlight/tls";
import type { WebSocket } from "ws";
import { Counter } from "./page.ts";

/** Both ways to serve. */
export async function start(ws: WebSocket, request: Request): Promise<Server<unknown>> {
  const { cert, key } = await selfSigned({ hosts: ["localhost"] });
  const handlers = () => ({ add: ({ amount }: { amount: number }) => BigInt(amount) });
  const decision = await handler(Counter, {}, handlers).upgrade(request);
  if (!(decision instanceof Response)) decision.accept(ws);
  const server = await serve(Counter, { port: 0, tls: { cert, key } }, handlers);
  return server as Server<unknown>;
}
