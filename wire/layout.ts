/**
 * Where things are in messages. Each message is one archive whose root is its last bytes; a payload is an
 * archive of its own that lies inside, before the root that points to it.
 *
 * @module
 */

/** Bytes of the root of a message from a client. */
export const CLIENT_MESSAGE_BYTES = 12;
/** Bytes of the root of a message from a server. */
export const SERVER_MESSAGE_BYTES = 24;
/** Bytes of one state update: pointer and length of the data, then the field's index. */
export const STATE_UPDATE_BYTES = 12;
/** Alignment of all roots, and of state updates. */
export const MESSAGE_ALIGN = 4;

/** `ClientMessage::RPCRequest`. */
export const RPC_REQUEST = 0;

/** `ServerMessage::RPCResponse`. */
export const RPC_RESPONSE = 0;
/** `ServerMessage::NewEvent`. */
export const NEW_EVENT = 1;
/** `ServerMessage::StateChange`. */
export const STATE_CHANGE = 2;
