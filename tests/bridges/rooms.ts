/**
 * The service of the tests with several nodes.
 *
 * @module
 */
import { rpc, service, string, topic, u32, variants } from "../../mod.ts";
import type { HandlerOf } from "../../server/mod.ts";

const methods = {
  join: rpc({ room: topic }),
  leave: rpc({ room: topic }),
  say: rpc({ room: topic, from: u32, first: u32, count: u32 }),
  status: rpc({}, string),
  wait: rpc({ ms: u32 }),
};

/** The parts of the service. */
export const RoomsDefinition = {
  name: "rooms",
  rpc: methods,
  event: variants({ said: { from: u32, number: u32 }, other: { text: string } }),
};

/** Rooms, and the node's status. */
export const Rooms = service(RoomsDefinition);

/** A later version whose events have as many bytes and another meaning. */
export const NextRooms = service({
  name: "rooms",
  rpc: methods,
  event: variants({ said: { number: u32, from: u32 }, other: { text: string } }),
});

/** Handlers whose `status` answers the result of `status`, as JSON. */
export function rooms(status: () => unknown): HandlerOf<typeof Rooms> {
  return ({ subscriptions, events }) => ({
    join: ({ room }) => subscriptions.add(room),
    leave: ({ room }) => subscriptions.remove(room),
    say({ room, from, first, count }) {
      for (let number = first; number < first + count; number++) {
        events.emit(room, { type: "said", from, number });
      }
    },
    status: () => JSON.stringify(status()),
    wait: ({ ms }) => new Promise((resolve) => setTimeout(resolve, ms)),
  });
}
