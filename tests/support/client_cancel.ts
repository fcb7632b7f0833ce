import type { Writer } from "../../codec/writer.ts";
import { writeBrief } from "../../wire/client_message_writer.ts";
import { CLIENT_CANCEL } from "../../wire/layout.ts";

/** Write the cancel of a call, as a client says it: `0` tag 1, `1` id. */
export function writeClientCancel(writer: Writer, id: number): void {
  writeBrief(writer, CLIENT_CANCEL, id);
}
