/**
 * The messages of both sides, written and read in place.
 *
 * Rust: `wire.rs`, `ClientMessage` and `ServerMessage`.
 *
 * @module
 */
export * from "./client_extension.ts";
export * from "./layout.ts";
export * from "./requests.ts";
export * from "./server_extension.ts";
export * from "./server_message_reader.ts";
export * from "./server_message_writer.ts";
