/**
 * Offsets and sizes in messages. Each message is one archive with its root in its last bytes. A payload is a
 * separate archive inside it, before the root that points to it.
 *
 * @module
 */
/** Bytes of the root of a message from a client. */
export const CLIENT_MESSAGE_BYTES = 12;
/** Bytes of the root of a message from a server. */
export const SERVER_MESSAGE_BYTES = 24;
/** Bytes of one state update: pointer and length of the data, then the field's index. */
export const STATE_UPDATE_BYTES = 12;
/** Where `ClientDecodeError` is among the `RPC_HANDLER_ERRORS`. */
export const CLIENT_DECODE_ERROR = 3;
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

// Of the extension `x1`.

/** `Cancel{id}`: the caller has cancelled the call. */
export const CLIENT_CANCEL = 1;
/** `Item{id, archive}`: the next item of the stream that is the call's argument. */
export const CLIENT_ITEM = 2;
/** `End{id, failed}`: that stream has ended or failed. */
export const CLIENT_END = 3;
/** `Grant{id, bytes}`: room for so many more bytes of the call's output. */
export const CLIENT_GRANT = 4;
/** `Reply{id, archive}`: the answer to a call by the server. */
export const CLIENT_REPLY = 5;
/** `Failed{id, code}`: a call by the server failed. */
export const CLIENT_FAILED = 6;

/** `Item{id, archive}`: the next item of the call's output. */
export const SERVER_ITEM = 3;
/** `Grant{id, bytes}`: room for so many more bytes of the call's argument. */
export const SERVER_GRANT = 4;
/** `Call{id, call}`: the server calls the client. */
export const SERVER_CALL = 5;
/** `Cancel{id}`: the server has cancelled its call. */
export const SERVER_CANCEL = 6;

/** `Raw{id, on}`, from both sides: larger WebSocket messages are items of the stream of this id, or messages again. */
export const RAW = 7;

/** The low bits of a short message's first byte; of a call, and of an answer, all of it. */
export const SHORT = 7;
/** The first byte of a server's short item. */
export const SHORT_ITEM = 31;
/** The first byte of `Raw`, which is always short. */
export const SHORT_RAW = 63;
/** Bytes before a short message's archive. */
export const SHORT_HEADER_BYTES = 4;
