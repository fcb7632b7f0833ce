/**
 * {@linkcode BrokerProbe}: tests whether a link really carries messages.
 *
 * @module
 */
import { type Broker, BrokerRefusal } from "../wire/broker.ts";
import { Topic } from "../wire/topic.ts";

/** Milliseconds from a received probe to the next. */
const PROBE_EVERY_MS = 1000;
/** Timeout of a probe, in milliseconds. Together with the interval, a dead link is detected within 5 seconds. */
const PROBE_TIMEOUT_MS = 3000;
/** Milliseconds per tick. A late tick counts as one. */
const TICK_MS = 250;

const TIMEOUT_TICKS = PROBE_TIMEOUT_MS / TICK_MS;
const EVERY_TICKS = PROBE_EVERY_MS / TICK_MS;
const NAME = new TextEncoder().encode("hardlight probe ");

/** The owner of a probe. */
export interface ProbeOwner {
  /** A probe has come back. */
  onProof(): void;
  /** A probe has not come back in time. */
  onSilence(error: Error): void;
  /** The engine refuses the probes' topic: the link cannot be tested. */
  onRefused(error: unknown): void;
}

/**
 * Repeatedly sends a message to itself through the engine, and reports whether it returns in time.
 *
 * Time is counted in timer ticks, so that a suspended process or a turn of several seconds doesn't count as a
 * dead link.
 */
export class BrokerProbe {
  readonly #broker: Broker;
  readonly #owner: ProbeOwner;
  /** Its topic: random bytes that no other node uses. */
  readonly topic: Topic;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ticks = 0;
  /** The number of the pending probe, or 0. */
  #number = 0;
  #last = 0;
  #sentAt = 0;
  #subscribed = false;
  #provedAt: number | undefined;
  /** Milliseconds that the last probe took; `undefined` before there was one. */
  roundTripMs: number | undefined;

  /** Create for a broker and a node's id. */
  constructor(broker: Broker, node: number, owner: ProbeOwner) {
    this.#broker = broker;
    this.#owner = owner;
    const name = new Uint8Array(NAME.length + 8);
    name.set(NAME);
    new DataView(name.buffer).setFloat64(NAME.length, node);
    this.topic = Topic.from(name);
  }

  /** Milliseconds since the last probe returned; `undefined` if none has. */
  get proofAgeMs(): number | undefined {
    return this.#provedAt === undefined ? undefined : performance.now() - this.#provedAt;
  }

  /** The engine's client reports that the link is up. */
  start(): void {
    this.stop();
    this.#timer = setTimeout(this.#onTick, TICK_MS);
    this.#send();
  }

  /** It reports that the link is down. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#number = 0;
    this.#subscribed = false;
  }

  readonly #onTick = (): void => {
    this.#timer = setTimeout(this.#onTick, TICK_MS);
    this.#ticks++;
    if (this.#number === 0) {
      if (this.#ticks >= EVERY_TICKS) this.#send();
    } else if (this.#ticks >= TIMEOUT_TICKS) {
      this.#number = 0;
      this.#subscribed = false;
      this.#owner.onSilence(
        new Error(`a message to this node itself did not come back within ${PROBE_TIMEOUT_MS} ms`),
      );
      if (this.#timer !== undefined) this.#send();
    }
  };

  #send(): void {
    const broker = this.#broker;
    const number = this.#number = ++this.#last;
    this.#ticks = 0;
    this.#sentAt = performance.now();
    (async () => {
      if (broker.probe !== undefined) {
        await broker.probe();
        return this.#proved(number);
      }
      if (!this.#subscribed) await broker.subscribe(this.topic);
      if (number !== this.#number) return;
      this.#subscribed = true;
      this.#sentAt = performance.now();
      await broker.publish(this.topic, encode(number), 0);
    })().catch((error: unknown) => {
      if (number === this.#number) this.refused(error);
    });
  }

  /** The topic or a message on it has failed. Unless the engine refused it, this counts as no answer. */
  refused(error: unknown): void {
    if (this.#timer === undefined || this.#number === 0) return;
    if (!(error instanceof BrokerRefusal)) return;
    this.#number = 0;
    this.#subscribed = false;
    this.#owner.onRefused(error);
  }

  /** A message came on the topic. */
  deliver(message: Uint8Array): void {
    if (message.length === 8) this.#proved(decode(message));
  }

  #proved(number: number): void {
    if (number === 0 || number !== this.#number) return;
    this.#number = 0;
    this.#ticks = 0;
    this.#provedAt = performance.now();
    this.roundTripMs = this.#provedAt - this.#sentAt;
    this.#owner.onProof();
  }
}

function encode(number: number): Uint8Array {
  const message = new Uint8Array(8);
  new DataView(message.buffer).setFloat64(0, number);
  return message;
}

function decode({ buffer, byteOffset }: Uint8Array): number {
  return new DataView(buffer, byteOffset).getFloat64(0);
}
