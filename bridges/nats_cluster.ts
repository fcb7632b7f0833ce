/**
 * {@linkcode NatsCluster}: whether the other servers of a cluster know a subscription and can be reached.
 *
 * @module
 */
import type { NatsConnection, NatsMessage, NatsSubscription } from "./nats_connection.ts";

/** Milliseconds that nodes at other servers have to make themselves known to one that comes up. */
const GATHER_MS = 1000;
/** Milliseconds until one of a server's nodes says again that it is there, and up to twice as many. */
const HELLO_EVERY_MS = 1000;
/** Milliseconds from one look at what was heard to the next. However late it comes, it counts as one. */
const TICK_MS = 500;
/** Ticks after which a server that nothing came from is silent: within 5 seconds. */
const SILENT_TICKS = 9;
/** Ticks after which a silent server is taken for gone: an hour. */
const GONE_TICKS = 7200;
/** Milliseconds that a server's nodes have to answer, and how often they are asked. */
const ANSWER_TIMEOUT_MS = 1000;
const ATTEMPTS = 3;
/** Servers that may be known. */
const MAX_SERVERS = 256;
const NO_RESPONDERS = 503;
const EMPTY = new Uint8Array();
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A server that nodes are at. */
interface Server {
  /** Since something came from it. */
  ticks: number;
  /** Whether too many have passed. */
  silent: boolean;
  /** Whether a node has left it since, and may have been the last. */
  left: boolean;
  /** Whether our own server knows of a node there. */
  listens: boolean;
}

/**
 * A NATS server answers only for itself. When it confirms a subscription, the other servers of the cluster
 * may not know it yet; and a dead route between two servers leaves a node's own link up. So nodes answer
 * for their servers: a question to a node at another server follows the route of the subscription before
 * it, and so arrives after it. One node of each server also sends heartbeats.
 *
 * | subject                  | subscribers                 | payload                                    |
 * | ------------------------ | --------------------------- | ------------------------------------------ |
 * | `_.hello`                | all nodes                   | the id of the sender's server              |
 * | `_.bye`                  | all nodes                   | the id of the server that the sender left  |
 * | `_.sync.` and its server | one of the nodes at a server | a question; the answer is the same id      |
 * | `_.reply.` and an id     | the node itself             | answers                                    |
 */
export class NatsCluster {
  readonly #connection: NatsConnection;
  readonly #prefix: string;
  readonly #inbox: string;
  /** Others that nodes are at. */
  readonly #servers = new Map<string, Server>();
  readonly #waiting = new Map<string, (answered: boolean | "nobody") => void>();
  readonly #onChange: () => void;
  #subscriptions: NatsSubscription[] = [];
  #sync: NatsSubscription | undefined;
  /** The server that this node was at when it last joined. */
  #joined: string | undefined;
  #asking: Promise<void> | undefined;
  #questions = 0;
  #hellos: ReturnType<typeof setTimeout> | undefined;
  #ticking: ReturnType<typeof setTimeout> | undefined;

  /** Create for the subjects with a prefix; the callback is notified when servers become silent or answer again. */
  constructor(connection: NatsConnection, prefix: string, onChange: () => void) {
    this.#connection = connection;
    this.#prefix = `${prefix}_.`;
    this.#inbox = `${this.#prefix}reply.${crypto.randomUUID()}.`;
    this.#onChange = onChange;
  }

  /** Servers that nodes were at, and that nothing has come from for a while. */
  get silent(): readonly string[] {
    return [...this.#servers].filter(([, { silent }]) => silent).map(([server]) => server);
  }

  /** Whether something came from a server of late. */
  hears(server: string): boolean {
    return this.#servers.get(server)?.silent === false;
  }

  /**
   * Handle a connect or reconnect, to the same server or another. Resolves when the nodes at the other
   * servers had time to answer: those servers then know each other's subscriptions.
   */
  async join(): Promise<void> {
    const { info } = this.#connection;
    if (info?.cluster === undefined || info.server_id === undefined) return;
    if (this.#subscriptions.length === 0) {
      this.#subscriptions = [
        this.#listen(`${this.#prefix}hello`, (message) => this.#onHello(message)),
        this.#listen(`${this.#prefix}bye`, ({ data }) => this.#onBye(decoder.decode(data))),
        this.#listen(`${this.#inbox}*`, (message) => this.#onAnswer(message)),
      ];
    }
    this.#sync?.unsubscribe();
    const own = info.server_id;
    this.#servers.delete(own);
    this.#sync = this.#listen(`${this.#prefix}sync.${own}`, ({ reply }) => {
      if (reply && this.#own === own) this.#publish(reply, encoder.encode(own));
    }, "nodes");
    if (this.#joined !== undefined && this.#joined !== own) this.#bye(this.#joined);
    this.#joined = own;
    this.#hello(own, { reply: `${this.#inbox}hello` });
    for (const server of this.#servers.values()) if (!server.silent) server.ticks = 0;
    clearTimeout(this.#ticking);
    this.#ticking = setTimeout(this.#onTick, TICK_MS);
    await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
  }

  /** The connection is down: nothing can come. */
  rest(): void {
    clearTimeout(this.#ticking);
    clearTimeout(this.#hellos);
  }

  readonly #onTick = (): void => {
    this.#ticking = setTimeout(this.#onTick, TICK_MS);
    let changed = false;
    for (const [name, server] of this.#servers) {
      server.ticks++;
      if (
        server.silent ? server.ticks >= GONE_TICKS : server.left && server.ticks >= SILENT_TICKS
      ) {
        this.#servers.delete(name);
        changed ||= server.silent;
      } else if (!server.silent && server.ticks >= SILENT_TICKS) changed = server.silent = true;
    }
    if (changed) this.#onChange();
  };

  /** An ended connection throws; its end is reported separately. */
  #publish(subject: string, payload: Uint8Array, options?: { readonly reply: string }): void {
    try {
      this.#connection.publish(subject, payload, options);
    } catch {
      this.rest();
    }
  }

  #hello(own: string, options?: { readonly reply: string }): void {
    this.#helloLater();
    this.#publish(`${this.#prefix}hello`, encoder.encode(own), options);
  }

  #bye(server: string): void {
    this.#publish(`${this.#prefix}bye`, encoder.encode(server));
  }

  /** At a random time, so that one of a server's nodes does it for all. */
  #helloLater(): void {
    clearTimeout(this.#hellos);
    this.#hellos = setTimeout(
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
      this.#publish(reply, encoder.encode(this.#own));
    }
  }

  #learn(name: string): void {
    if (name === "" || name === this.#own) return;
    const server = this.#servers.get(name);
    if (server === undefined && this.#servers.size >= MAX_SERVERS) return;
    this.#servers.set(name, { ticks: 0, silent: false, left: false, listens: true });
    if (server?.silent) this.#onChange();
  }

  /** A node is not at a server any more: it closed, or is at another now. */
  #onBye(name: string): void {
    const server = this.#servers.get(name);
    if (server === undefined) return;
    server.left = true;
    if (!server.silent) return;
    this.#servers.delete(name);
    this.#onChange();
  }

  #onAnswer({ subject, data, headers }: NatsMessage): void {
    const question = subject?.slice(this.#inbox.length) ?? "";
    const nobody = headers?.code === NO_RESPONDERS;
    if (question === "hello") {
      if (!nobody) this.#learn(decoder.decode(data));
    } else this.#waiting.get(question)?.(nobody ? "nobody" : true);
  }

  /** Resolves when every other server that is heard knows what was subscribed before. */
  async know(): Promise<void> {
    if (this.#servers.size === 0) return;
    // One question for all callers of one turn.
    await (this.#asking ??= Promise.resolve().then(async () => {
      this.#asking = undefined;
      await Promise.all([...this.#servers].map(([name, server]) => this.#ask(name, server)));
    }));
  }

  /** A server whose nodes do not answer has the subscription if it is heard, and else counts as silent. */
  async #ask(name: string, server: Server): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS && server.listens && !server.silent; attempt++) {
      const answered = await this.#question(name);
      if (answered === true) return;
      if (answered === "nobody") server.listens = false;
    }
    if (!server.listens || server.silent || this.#servers.get(name) !== server) return;
    server.silent = true;
    this.#onChange();
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
      this.#publish(`${this.#prefix}sync.${server}`, EMPTY, {
        reply: this.#inbox + question,
      });
    });
  }

  /** Take part no more. */
  close(): void {
    if (this.#joined !== undefined && this.#connection.isClosed?.() !== true) {
      this.#bye(this.#joined);
    }
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    this.#sync?.unsubscribe();
    this.rest();
    this.#subscriptions = [];
    this.#joined = undefined;
    this.#servers.clear();
    for (const settle of this.#waiting.values()) settle("nobody");
  }
}
