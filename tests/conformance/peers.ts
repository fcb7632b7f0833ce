/**
 * This module as the peer under test: a client and a server that do the kit's tasks.
 *
 * @module
 */
import { decodeHex, encodeHex } from "@std/encoding";
import { type ClientOf, connect } from "../../client.ts";
import type { Answer, Json } from "../../conformance/cases.ts";
import { Conformance } from "../../conformance/service.ts";
import { ConnectError, RPC_HANDLER_ERRORS, RpcError, Topic } from "../../mod.ts";
import { serve } from "../../server.ts";
import { perform, type Task } from "./tasks.ts";

type Client = ClientOf<typeof Conformance>;

function dial(port: number, path: string): Promise<Client> {
  return connect(Conformance, `ws://127.0.0.1:${port}${path}`, { reconnect: false });
}

/** Calls a method by its name; arguments come in the vectors' JSON. */
async function call(client: Client, method: string, args: Answer): Promise<Answer> {
  const { topic } = args;
  const own = typeof topic === "string" ? { ...args, topic: decodeHex(topic) } : args;
  try {
    const output = await client.rpc[method as "double"](own as never);
    return { ok: output ?? null };
  } catch (error) {
    if (error instanceof RpcError && error.code in { ConnectionLost: 1 }) throw error;
    if (error instanceof RpcError) return { err: error.code };
    throw error;
  }
}

function eventOf(topic: Topic, payload: { type: string; text?: string }): Answer {
  const { type, ...fields } = payload;
  const value: Answer = type === "stop" ? { v: type } : { v: type, f: fields as Answer };
  return { topic: { inner: encodeHex(topic.bytes), is_string: topic.isString }, payload: value };
}

/** A client that does the tasks of the kit at this port, until there are no more. */
export async function runClient(
  port: number,
  plant: (task: Task, answer: Answer) => Answer = (_, answer) => answer,
): Promise<void> {
  await using client = await dial(port, "/");
  let events: Answer[] = [];
  const collecting = (async () => {
    for await (const { topic, payload } of client.events({ buffer: 64 })) {
      events.push(eventOf(topic, payload));
    }
  })();

  async function answer(task: Task): Promise<Answer> {
    switch (task["do"]) {
      case "echo":
        return { text: task["text"] };
      case "call":
        return await call(client, task["method"], task["args"]);
      case "calls": {
        const values = task["values"] as number[];
        return { ok: await Promise.all(values.map((value) => client.rpc.double({ value }))) };
      }
      case "state":
        return { state: { ...client.state.current } };
      case "events": {
        await new Promise((wake) => setTimeout(wake));
        const came = events as Json[];
        events = [];
        return { events: came };
      }
      case "dial": {
        await using other = await dial(port, task["path"]);
        return await call(other, "double", { value: 21 });
      }
    }
    return perform(task);
  }

  for (let text = "";;) {
    const json = await client.rpc.exchange({ text });
    if (json === "") break;
    const task = JSON.parse(json) as Task;
    const answered = await answer(task).catch((error) => {
      if (error instanceof RpcError || error instanceof ConnectError) {
        return { refused: error.code };
      }
      throw error;
    });
    text = JSON.stringify(plant(task, answered));
  }
  await client.close();
  await collecting;
}

/** A server under test. */
export interface Started {
  readonly url: string;
  close(): Promise<void>;
}

/** A server that does the kit's tasks. */
export async function startServer(
  plant: (task: Task, answer: Answer) => Answer = (_, answer) => answer,
): Promise<Started> {
  const options = {
    port: 0,
    hostname: "127.0.0.1",
    tls: "plain",
    // The kit's deliberately invalid messages.
    onError: () => {},
  } as const;
  return await serve(Conformance, options, ({ state, events, subscriptions }) => ({
    exchange({ text }) {
      const task = JSON.parse(text) as Task;
      return JSON.stringify(plant(task, perform(task)));
    },
    double: ({ value }) => 2 * value,
    fail({ code }) {
      throw new RpcError(RPC_HANDLER_ERRORS[code]!, "as asked for");
    },
    change({ count, text }) {
      state.count = count;
      state.text = text;
    },
    emit({ isText, topic, text }) {
      const own = Topic.from(isText ? new TextDecoder().decode(topic) : topic);
      subscriptions.add(own);
      events.emit(own, { type: "note", text });
    },
  }));
}
