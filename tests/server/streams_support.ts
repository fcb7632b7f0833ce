/**
 * A server of streams, and a scripted client.
 *
 * @module
 */
import { interpret } from "../../codec/archive.ts";
import type { Schema } from "../../codec/mod.ts";
import type { ErrorContext } from "../../server/error_reports.ts";
import { type AcceptingCore, createCore, type ServerOptions } from "../../server/server_core.ts";
import {
  bytes,
  type Handlers,
  rpc,
  service,
  type StateOf,
  stream,
  string,
  u32,
} from "../../mod.ts";
import {
  writeClientEnd,
  writeClientGrant,
  writeClientItem,
} from "../../wire/client_message_writer.ts";
import { writeClientCancel } from "../support/client_cancel.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { ScriptedClient, upgradeRequest } from "../support/scripted_client.ts";
import { testDeflater } from "../support/test_deflater.ts";

/** Streams each way. */
export const Feed = service({
  rpc: {
    count: rpc({ to: u32 }, stream(u32)),
    sum: rpc({ numbers: stream(u32), start: u32 }, u32),
    twice: rpc({ numbers: stream(u32) }, stream(u32)),
    blobs: rpc({ size: u32 }, stream(bytes)),
    keep: rpc({ parts: stream(bytes) }, u32),
    text: rpc({}, stream(string)),
    quick: rpc({}, u32),
  },
  state: { seen: u32 },
});

/** The connection's context for handlers. */
export interface FeedContext {
  readonly state: StateOf<typeof Feed>;
  readonly connection: { close(code?: number, reason?: string): void };
}

/** A client with the extension. */
export class StreamingClient extends ScriptedClient {
  /** Cancel a call. */
  cancel(id: number): void {
    this.write((writer) => writeClientCancel(writer, id));
  }

  /** The next item of a call's argument. */
  item<T>(id: number, schema: Schema<T>, value: T): void {
    this.write((writer) => writeClientItem(interpret, writer, id, schema, value));
  }

  /** Numbers of a call's argument. */
  numbers(id: number, ...values: number[]): void {
    for (const value of values) this.item(id, u32, value);
  }

  /** The argument is over. */
  end(id: number, failed = false): void {
    this.write((writer) => writeClientEnd(writer, id, failed));
  }

  /** Room for more of a call's output. */
  grant(id: number, room: number): void {
    this.write((writer) => writeClientGrant(writer, id, room));
  }
}

/** The methods' calls. */
export const CALLS = Object.fromEntries(
  Feed.methods.map(({ name, call }) => [name, call]),
) as unknown as Record<keyof Handlers<typeof Feed>, Schema<unknown>>;

/** A `u32` in the format of {@linkcode ScriptedClient.received}. */
export function hex(value: number): string {
  let text = "";
  for (let i = 0; i < 4; i++) text += ((value >>> (8 * i)) & 255).toString(16).padStart(2, "0");
  return text;
}

/** A server, and how to connect to it. */
export interface Streaming {
  readonly core: AcceptingCore<never>;
  readonly clock: FakeClock;
  readonly errors: { readonly error: unknown; readonly context: ErrorContext }[];
  readonly client: StreamingClient;
  /** Connect once more, by default with the extension. */
  connect(extension?: boolean): Promise<StreamingClient>;
}

function unused(): never {
  throw new Error("not of this test");
}

/** Serve these methods of {@linkcode Feed}. */
export async function streaming(
  make: (context: FeedContext) => Partial<Handlers<typeof Feed>>,
  options: ServerOptions<undefined> = {},
): Promise<Streaming> {
  const errors: Streaming["errors"] = [];
  const clock = new FakeClock();
  const core = createCore(
    Feed,
    { onError: (error, context) => errors.push({ error, context }), ...options },
    (context) => ({
      count: unused,
      sum: unused,
      twice: unused,
      blobs: unused,
      keep: unused,
      text: unused,
      quick: () => 1,
      ...make(context),
    }),
    testDeflater,
    clock,
  );
  const connect = async (extension = true) => {
    const upgrade = await core.acceptor.upgrade(
      upgradeRequest({}, extension ? "/?hl-x=1" : "/"),
      { address: "test" },
    );
    if (upgrade instanceof Response) throw new TypeError(`refused: ${upgrade.status}`);
    return new StreamingClient().open(upgrade);
  };
  return { core, clock, errors, client: await connect(), connect };
}
