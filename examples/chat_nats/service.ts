/**
 * A chat: rooms are topics.
 *
 * @module
 */
import { type Infer, rpc, service, string, variants } from "../../mod.ts";

/** The events of a room. */
export const ChatEvent = variants({
  joined: { name: string },
  said: { name: string, text: string },
});
/** The events of a room. */
export type ChatEvent = Infer<typeof ChatEvent>;

/** The chat. */
export const Chat = service({
  name: "chat",
  rpc: {
    join: rpc({ room: string, name: string }),
    say: rpc({ text: string }),
  },
  state: { name: string, room: string },
  event: ChatEvent,
});
