/**
 * Drives a server of {@linkcode Echo} with the client of the package `ws`: the port is its argument.
 * Prints the results, by name, as one line of JSON.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import process from "node:process";
import { WebSocket } from "ws";
import { answeredId, callOf } from "./conformance_frames.ts";

const url = `ws://127.0.0.1:${process.argv[2]}`;
/** The default of `maxMessageBytes`. */
const MOST = 2 << 20;

/** One connection, and the result of `act` on it, in words. */
function run(act: (ws: WebSocket) => void, pongs = 0): Promise<string> {
  const ws = new WebSocket(url, ["hl.2"], { perMessageDeflate: false });
  const heard: string[] = [];
  return new Promise((resolve) => {
    const told = (): void => {
      const answers = heard.filter((one) => one.startsWith("answer")).length;
      if (answers > 0 && heard.length - answers >= pongs) {
        resolve(heard.sort().join(", "));
        ws.close();
      }
    };
    ws.on("open", () => act(ws));
    ws.on("error", () => {});
    ws.on("close", (code: number) => resolve([...heard, `close ${code}`].join(", ")));
    ws.on("message", (data: Buffer) => {
      heard.push(`answer ${answeredId(data)}`);
      told();
    });
    ws.on("pong", (payload: Buffer) => {
      // A server may answer the latest ping only.
      if (payload.toString() !== "last") return;
      heard.push("pong");
      told();
    });
  });
}

const small = Buffer.from(callOf(1, 5));
const results: Record<string, string> = {
  call: await run((ws) => ws.send(small)),
  "call in fragments": await run((ws) => {
    ws.send(small.subarray(0, 10), { fin: false });
    ws.send(small.subarray(10, 20), { fin: false });
    ws.send(small.subarray(20), { fin: true });
  }),
  "call octet by octet": await run((ws) => {
    for (const octet of small) ws.send(Buffer.of(octet), { fin: false });
    ws.send(Buffer.alloc(0), { fin: true });
  }),
  "ping between fragments": await run((ws) => {
    ws.send(small.subarray(0, 10), { fin: false });
    ws.ping("last");
    ws.send(small.subarray(10), { fin: true });
  }, 1),
  "ten pings": await run((ws) => {
    for (let i = 0; i < 9; i++) ws.ping("x".repeat(125));
    ws.ping("last");
    ws.send(small);
  }, 1),
  "pong, text, call": await run((ws) => {
    ws.pong("x");
    ws.send("Grüße");
    ws.send(small);
  }),
  "call of 2 MiB": await run((ws) => ws.send(callOf(2, 5, MOST))),
  "call of 2 MiB in fragments": await run((ws) => {
    const big = callOf(2, 5, MOST);
    for (let at = 0; at < MOST; at += 10_000) {
      ws.send(big.subarray(at, at + 10_000), { fin: at + 10_000 >= MOST });
    }
  }),
  "call over 2 MiB": await run((ws) => ws.send(callOf(2, 5, MOST + 1))),
  "call over 2 MiB in fragments": await run((ws) => {
    const big = callOf(2, 5, MOST + 1);
    ws.send(big.subarray(0, MOST), { fin: false });
    ws.send(big.subarray(MOST), { fin: true });
  }),
  "without a mask": await run((ws) => ws.send(small, { mask: false })),
  "close without a code": await run((ws) => ws.close()),
};
for (const code of [1000, 1001, 1011, 1014, 3000, 4999]) {
  results[`close ${code}`] = await run((ws) => ws.close(code, "bye"));
}
process.stdout.write(`${JSON.stringify(results)}\n`);
process.stdin.resume();
process.stdin.once("end", () => process.exit(0));
