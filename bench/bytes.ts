/**
 * Bytes of a call on the wire.
 *
 * @module
 */
import { connectWith } from "../client/full.ts";
import { Counter } from "../examples/counter/service.ts";
import { dial } from "../runtime/node/dial.ts";
import { createStreamsDeflater } from "../runtime/streams.ts";
import { createZlibDeflater } from "../runtime/node/zlib.ts";
import type { Dialer } from "../wire/transport.ts";
import { ServerProcess } from "./server_process.ts";
import type { Table } from "./table.ts";

/** Bytes of a WebSocket frame's header up to 125 bytes: the client's carries a mask. */
const CLIENT_HEADER_BYTES = 6;
const SERVER_HEADER_BYTES = 2;

/** Count the bytes of each kind of call. */
export async function runBytes(): Promise<Table> {
  using server = await ServerProcess.start("counter", false);
  const counted = { up: 0, upMessages: 0, down: 0, downMessages: 0 };
  const counting: Dialer = (request, open) =>
    dial(request, (transport, dialed) => {
      const listener = open({
        get bufferedAmount(): number {
          return transport.bufferedAmount;
        },
        send(message): void {
          counted.up += message.length + CLIENT_HEADER_BYTES;
          counted.upMessages++;
          transport.send(message);
        },
        close: (code, reason) => transport.close(code, reason),
        terminate: () => transport.terminate(),
      }, dialed);
      let isRest = false;
      return {
        onMessage(message) {
          if (!isRest) {
            counted.down += message.length + SERVER_HEADER_BYTES;
            counted.downMessages++;
          }
          const heard = listener.onMessage(message);
          // A frame of several messages is passed again without its consumed messages.
          isRest = typeof heard === "number";
          return heard;
        },
        onClose: (info) => listener.onClose(info),
      };
    });
  const deflater = createZlibDeflater() ?? createStreamsDeflater();
  await using client = await connectWith(
    Counter,
    server.address.url,
    {},
    { dial: counting, deflater },
  );
  const { rpc } = client;
  const rows: string[][] = [];
  const count = async (name: string, call: () => Promise<unknown>): Promise<void> => {
    Object.assign(counted, { up: 0, upMessages: 0, down: 0, downMessages: 0 });
    await call();
    const { up, upMessages, down, downMessages } = counted;
    rows.push([name, `${up}`, `${upMessages}`, `${down}`, `${downMessages}`, `${up + down}`]);
  };
  await count("get()", () => rpc.get());
  await count("increment({ amount: 1 })", () => rpc.increment({ amount: 1 }));
  await count("newCounter()", () => rpc.newCounter());
  await count("increment, subscribed", () => rpc.increment({ amount: 1 }));
  return {
    title: "Bytes on the wire",
    columns: ["call", "bytes up", "messages", "bytes down", "messages", "both"],
    rows,
    notes: [
      "With WebSocket frames, without TCP and TLS. Messages below 128 bytes are stored blocks (5 bytes) at every level.",
    ],
  };
}
