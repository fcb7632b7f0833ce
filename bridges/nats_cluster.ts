/**
 * {@linkcode NatsCluster}: whether the other servers of a cluster know a subscription.
 *
 * @module
 */
import type { NatsConnection, NatsMessage, NatsSubscription } from "./nats_connection.ts";

/** Milliseconds that nodes at other servers have to make themselves known to one that starts. */
const GATHER_MS = 300;
/** Milliseconds until one of a server's nodes says again where it is: servers may have joined meanwhile. */
const HELLO_EVERY_MS = 5000;
/** Milliseconds that a server's nodes have to answer, and how often they are asked. */
const ANSWER_TIMEOUT_MS = 1000;
const ATTEMPTS = 3;
/** Servers that may be known. */
const MAX_SERVERS = 256;
const NO_RESPONDERS = 503;
const EMPTY = new Uint8Array();
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * A server answers for itself alone: when it has taken a subscription, the others of its cluster have not
 * heard of it. So nodes answer for their servers: a question to a node at another server goes the way that
 * the subscription went just before, and so arrives after it.
 *
 * | subject                  | who listens                 | what                                  |
 * | ------------------------ | --------------------------- | ------------------------------------- |
 * | `_.hello`                | all nodes                   | the id of the sender's server         |
 * | `_.sync.` and its server | one of the nodes at a server | a question; the answer is the same id |
 * | `_.reply.` and an id     | the node itself             | answers                               |
 */
export class NatsCluster {
  readonly #connection: NatsConnection;
  readonly #prefix: string;
  readonly #inbox: string;
  /** Other servers that nodes are at. */
  readonly #servers = new Set<string>();
  readonly #waiting = new Map<string, (answered: boolean | "nobody") => void>();
  #subscriptions: NatsSubscription[] = [];
  #sync: NatsSubscription | undefined;
  #gathered: Promise<void> | undefined;
  #asking: Promise<void> | undefined;
  #questions = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Create for the subjects that begin with a prefix. */
  constructor(connection: NatsConnection, prefix: string) {
    this.#connection = connection;
    this.#prefix = `${prefix}_.`;
    this.#inbox = `${this.#prefix}reply.${crypto.randomUUID()}.`;
  }

  /** The connection is up, at this server or another than before. */
  join(): void {
    const { info } = this.#connection;
    if (info?.cluster === undefined || info.server_id === undefined) return;
    if (this.#subscriptions.length === 0) {
      this.#subscriptions = [
        this.#listen(`${this.#prefix}hello`, (message) => this.#onHello(message)),
        this.#listen(`${this.#inbox}*`, (message) => this.#onAnswer(message)),
      ];
    }
    this.#sync?.unsubscribe();
    const own = info.server_id;
    this.#servers.delete(own);
    this.#sync = this.#listen(`${this.#prefix}sync.${own}`, ({ reply }) => {
      if (reply && this.#own === own) this.#connection.publish(reply, encoder.encode(own));
    }, "nodes");
    this.#hello(own);
    this.#gathered ??= new Promise((resolve) => setTimeout(resolve, GATHER_MS));
  }

  #hello(own: string): void {
    this.#connection.publish(`${this.#prefix}hello`, encoder.encode(own), {
      reply: `${this.#inbox}hello`,
    });
    this.#helloLater();
  }

  /** At a random time, so that one of a server's nodes does it for all. */
  #helloLater(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#own !== undefined && this.#hello(this.#own),
      HELLO_EVERY_MS * (1 + Math.random()),
    );
  }

  get #own(): string | undefined {
    return this.#connection.info?.server_id;
  }

  #listen(subject: string, on: (message: NatsMessage) => void, queue?: string): NatsSubscription {
    const callback = (error: Error | null, message: NatsMessage): void => {
      if (error === null) on(message);
    };
    const options = queue === undefined ? { callback } : { callback, queue };
    return this.#connection.subscribe(subject, options);
  }

  #onHello({ data, reply }: NatsMessage): void {
    const server = decoder.decode(data);
    if (server === this.#own) return this.#helloLater();
    this.#learn(server);
    if (reply && this.#own !== undefined) {
      this.#connection.publish(reply, encoder.encode(this.#own));
    }
  }

  #learn(server: string): void {
    if (server === "" || server === this.#own || this.#servers.size >= MAX_SERVERS) return;
    this.#servers.add(server);
  }

  #onAnswer({ subject, data, headers }: NatsMessage): void {
    const question = subject?.slice(this.#inbox.length) ?? "";
    const nobody = headers?.code === NO_RESPONDERS;
    if (question === "hello") {
      if (!nobody) this.#learn(decoder.decode(data));
    } else this.#waiting.get(question)?.(nobody ? "nobody" : true);
  }

  /** Resolves when every other server with nodes knows what was subscribed before. */
  async know(): Promise<void> {
    await this.#gathered;
    if (this.#servers.size === 0) return;
    // One question for all who ask in one turn.
    await (this.#asking ??= Promise.resolve().then(async () => {
      this.#asking = undefined;
      await Promise.all([...this.#servers].map((server) => this.#ask(server)));
    }));
  }

  async #ask(server: string): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const answered = await this.#question(server);
      if (answered === true) return;
      if (answered === "nobody") return void this.#servers.delete(server);
    }
    throw new Error(`no node at server ${server} has answered`);
  }

  #question(server: string): Promise<boolean | "nobody"> {
    const question = String(++this.#questions);
    return new Promise((resolve) => {
      const settle = (answered: boolean | "nobody"): void => {
        clearTimeout(timer);
        this.#waiting.delete(question);
        resolve(answered);
      };
      const timer = setTimeout(() => settle(false), ANSWER_TIMEOUT_MS);
      this.#waiting.set(question, settle);
      this.#connection.publish(`${this.#prefix}sync.${server}`, EMPTY, {
        reply: this.#inbox + question,
      });
    });
  }

  /** Take part no more. */
  close(): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    this.#sync?.unsubscribe();
    clearTimeout(this.#timer);
    this.#subscriptions = [];
    this.#gathered = undefined;
    this.#servers.clear();
    for (const settle of this.#waiting.values()) settle("nobody");
  }
}
