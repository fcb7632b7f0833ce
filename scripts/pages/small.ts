/**
 * The service of a small application: structs, lists, options, results, text and 64 bits.
 *
 * @module
 */
import {
  bool,
  option,
  result,
  rpc,
  service,
  string,
  struct,
  topic,
  u32,
  u64,
  variants,
  vec,
} from "../../mod.ts";

const Note = struct({
  id: u64,
  title: string,
  pinned: bool,
  remindAt: option(u64),
  labels: vec(string),
});

const Refusal = variants({ unknown: { id: u64 }, readOnly: null, tooLong: string });

/** A notebook that several people write in. */
export const Small = service({
  name: "Notebook",
  rpc: {
    all: rpc({}, vec(Note)),
    write: rpc({ title: string, labels: vec(string) }, result(Note, Refusal)),
    pin: rpc({ id: u64 }, result(Note, Refusal)),
    erase: rpc({ id: u64 }),
  },
  state: { author: string, unread: u32, topic },
  event: variants({ written: Note, changed: Note, erased: { id: u64 } }),
});
