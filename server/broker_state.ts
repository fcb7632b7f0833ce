/**
 * {@linkcode BrokerState}: the state of the link to the other nodes.
 *
 * @module
 */
import type { Broker } from "../wire/broker.ts";
import type { BrokerErrorCode, BrokerErrorOptions } from "../wire/errors.ts";
import { Seldom } from "../wire/seldom.ts";
import type { Topic } from "../wire/topic.ts";
import type { BrokerOutbox } from "./broker_outbox.ts";
import { BrokerProbe, type ProbeOwner } from "./broker_probe.ts";
import type { BrokerTopics } from "./broker_topics.ts";

/** Milliseconds that events wait for the first connect; then they are dropped. */
const START_TIMEOUT_MS = 5000;

/** Reports a change of the link. */
type Report = (code: BrokerErrorCode, message: string, about: BrokerErrorOptions) => void;

/** Combines the reports of the engine's client and of the probes: the link is up if both say so. */
export class BrokerState implements ProbeOwner {
  readonly #broker: Broker;
  readonly #topics: BrokerTopics;
  readonly #outbox: BrokerOutbox;
  readonly #report: Report;
  /** Its probes. */
  readonly probe: BrokerProbe;
  readonly #rarely = new Seldom();
  readonly #refusals = new Seldom();
  /** The client's report. */
  #connected = false;
  /** Whether no probe has returned since then, or the last one was lost. */
  #unproved = true;
  /** Whether some nodes cannot be reached. */
  #partial = false;
  /** The reason why the link has not been up yet. */
  #startError: unknown;
  /** Since when the link is down; `undefined` if that was not reported. */
  #downSince: number | undefined;
  #starting: ReturnType<typeof setTimeout> | undefined;
  /** Whether the link is up. */
  up = false;
  /** Whether it is down for good. */
  final = false;

  /** Create; the broker has not been started. */
  constructor(broker: Broker, topics: BrokerTopics, outbox: BrokerOutbox, report: Report) {
    this.#broker = broker;
    this.#topics = topics;
    this.#outbox = outbox;
    this.#report = report;
    this.probe = new BrokerProbe(broker, outbox.numbers.node, this);
  }

  /** The broker is being started. */
  start(): void {
    this.#starting = setTimeout(
      () => this.#down("The link to the broker did not come up", this.#startError),
      START_TIMEOUT_MS,
    );
  }

  /** Whether events are accepted: the link is up, or the first connect is pending. */
  get open(): boolean {
    return this.up || this.#starting !== undefined;
  }

  /** The link's status. */
  get link(): "up" | "partial" | "down" {
    if (!this.up) return "down";
    return this.#partial ? "partial" : "up";
  }

  /** Handle a report of the broker. */
  said(state: "up" | "partial" | "down", error: unknown, final = false): void {
    if (state === "partial") return this.#part(error);
    this.#partial = false;
    this.#connected = state === "up";
    this.final = final && !this.#connected;
    if (this.#connected) {
      this.#unproved = true;
      this.probe.start();
    } else {
      this.probe.stop();
      this.#lost("The link to the broker is down", error);
    }
  }

  /** The link carries messages, but some nodes cannot be reached. */
  #part(cause: unknown): void {
    this.#partial = true;
    if (!this.up || this.#rarely.add() === undefined) return;
    this.#downSince ??= performance.now();
    this.#report("LinkDown", "Some of the other nodes are not heard", { cause });
  }

  /** Handle a message if it is a probe. */
  deliver(topic: Topic, message: Uint8Array): boolean {
    if (topic.key !== this.probe.topic.key) return false;
    this.probe.deliver(message);
    return true;
  }

  /** The engine has refused a topic or a message on it. Returns whether it is the probes' topic. */
  refused(topic: Topic, error: unknown): boolean {
    if (topic.key !== this.probe.topic.key) return false;
    this.probe.refused(error);
    return true;
  }

  onProof(): void {
    if (!this.#unproved) return;
    this.#unproved = false;
    if (this.#connected) this.#up();
  }

  onSilence(error: Error): void {
    this.#unproved = true;
    this.#lost("The link to the broker does not carry messages", error);
    this.#broker.reset?.();
  }

  /** While the link has not been up yet it may still come up in time. */
  #lost(message: string, cause: unknown): void {
    if (this.#starting === undefined || this.final) this.#down(message, cause);
    else this.#startError = cause;
  }

  onRefused(cause: unknown): void {
    this.onProof();
    if (this.#refusals.add() === undefined) return;
    this.#report("SubscribeFailed", "The link cannot be proved: allow its topic", {
      cause,
      topic: this.probe.topic,
    });
  }

  #up(): void {
    this.#started();
    this.up = true;
    const since = this.#partial ? undefined : this.#downSince;
    if (!this.#partial) this.#downSince = undefined;
    if (since !== undefined) {
      const seconds = ((performance.now() - since) / 1000).toFixed(1);
      const message = `The link to the broker is up again after ${seconds} s`;
      this.#report("LinkRestored", message, {});
    }
    this.#topics.up();
    this.#outbox.release();
  }

  #down(message: string, cause: unknown): void {
    const { final } = this;
    const wasUp = this.open;
    this.#started();
    this.up = false;
    if (final || (wasUp && this.#rarely.add() !== undefined)) {
      this.#downSince ??= performance.now();
      const end = final ? ", for good" : "";
      this.#report("LinkDown", `${message}${end}`, { cause, final });
    }
    this.#outbox.drop();
    this.#topics.down();
  }

  #started(): void {
    clearTimeout(this.#starting);
    this.#starting = undefined;
  }

  /** Clear all timers. */
  close(): void {
    this.#started();
    this.probe.stop();
    this.up = false;
  }
}
