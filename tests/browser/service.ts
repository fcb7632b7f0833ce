/**
 * The services of the browser tests.
 *
 * @module
 */
import { bool, bytes, rpc, service, stream, string, u32, variants } from "../../mod.ts";

/** A service with a call of every kind. */
export const Probe = service({
  name: "Probe",
  rpc: {
    add: rpc({ amount: u32 }, u32),
    echo: rpc({ data: bytes }, bytes),
    never: rpc(),
    emit: rpc({ times: u32, afterMs: u32 }),
    count: rpc({ from: u32 }, stream(u32)),
    sum: rpc({ parts: stream(bytes) }, u32),
  },
  state: { total: u32 },
  event: variants({ added: { to: u32 }, tick: { n: u32 } }),
});

/** A service whose server calls its client. */
export const Asking = service({
  name: "Asking",
  rpc: { ask: rpc({ text: string }, bool) },
  client: { confirm: rpc({ text: string }, bool) },
});

/** The same by name, and another by its methods. */
export const Changed = service({
  name: "Probe",
  rpc: { add: rpc({ amount: u32, by: u32 }, u32) },
  state: { total: u32 },
});
