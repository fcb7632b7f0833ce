/**
 * Clients of nodes, for tests.
 *
 * @module
 */
import { type Client, connect } from "../../client.ts";
import type { BrokerStatus } from "../../server/mod.ts";
import type { EventOf, MethodsOf, StateOf } from "../../service/mod.ts";
import type { Topic } from "../../wire/topic.ts";
import { Rooms } from "./rooms.ts";

/** A client of the rooms. */
export type RoomsClient = Client<
  MethodsOf<typeof Rooms>,
  StateOf<typeof Rooms>,
  EventOf<typeof Rooms>
>;

/** Wait for some time. */
export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

/** 0 and up. */
export const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** A client that records its events: `from:number`. */
export class Member implements AsyncDisposable {
  readonly heard: string[] = [];
  readonly client: RoomsClient;

  constructor(client: RoomsClient) {
    this.client = client;
    void this.#listen();
  }

  /** One at a node, in a room. */
  static async at(url: string, room?: Topic): Promise<Member> {
    const member = new Member(await connect(Rooms, url));
    if (room !== undefined) await member.client.rpc.join({ room });
    return member;
  }

  async #listen(): Promise<void> {
    for await (const { payload } of this.client.events({ buffer: 100_000 })) {
      if (payload.type === "said") this.heard.push(`${payload.from}:${payload.number}`);
    }
  }

  /** The numbers heard from one emitter. */
  from(from: number): number[] {
    return this.heard.map((said) => said.split(":").map(Number)).filter(([each]) => each === from)
      .map(([, number]) => number!);
  }

  /** The status of its node. */
  async status(): Promise<BrokerStatus & { readonly connections: number }> {
    return JSON.parse(await this.client.rpc.status());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }
}
