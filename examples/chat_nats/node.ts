/**
 * One node of the chat. Only the two lines with `nats` concern NATS; the handler is the same as on a
 * single node.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { connect } from "@nats-io/transport-node";
import { natsBroker } from "../../bridges/nats.ts";
import { serve } from "../../server.ts";
import { exitOnSignal, option } from "../support.ts";
import { Chat } from "./service.ts";

const nats = await connect({
  port: option("nats", 4222),
  maxReconnectAttempts: -1,
  reconnectTimeWait: 250,
  noEcho: true,
});
const server = await serve(
  Chat,
  { port: option("port", 0), tls: "plain", broker: natsBroker(nats), onError: console.error },
  ({ state, subscriptions, events }) => ({
    async join({ room, name }) {
      if (state.room !== "") subscriptions.remove(state.room);
      state.name = name;
      state.room = room;
      await subscriptions.add(room);
      events.emit(room, { type: "joined", name });
    },
    say: ({ text }) => events.emit(state.room, { type: "said", name: state.name, text }),
  }),
);
console.log(server.url);
await exitOnSignal();
await server.close();
await nats.close();
