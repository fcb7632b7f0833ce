/**
 * The service of `latency.ts`: a stream's items there and back, and a call to the client.
 *
 * @module
 */
import { rpc, service, stream, u32 } from "../../mod.ts";
import { type HandlerOf, serve } from "../../server.ts";
import { announce, certificateIfAsked } from "./stdio.ts";

/** Items there and back, and a call back to the client. */
export const Talk = service({
  name: "Talk",
  rpc: {
    /** Every item as it comes. */
    through: rpc({ items: stream(u32) }, stream(u32)),
    /** What the client says. */
    ask: rpc({}, u32),
  },
  client: { say: rpc({}, u32) },
});

/** Its handlers. */
export const talk: HandlerOf<typeof Talk> = ({ client }) => ({
  through: ({ items }) => items,
  ask: () => client.say(),
});

if (import.meta.main) {
  const certificate = await certificateIfAsked();
  const options = { port: 0, hostname: "127.0.0.1", tls: certificate ?? "plain" } as const;
  const server = await serve(Talk, options, talk);
  await announce(server.port, certificate);
}
