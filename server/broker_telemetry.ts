/**
 * {@linkcode observeBroker}: a broker's status as OpenTelemetry metrics.
 *
 * @module
 */
import { type Attributes, telemetryMeter } from "../wire/open_telemetry.ts";
import type { BrokerStatus } from "./broker_status.ts";

interface Result {
  observe(value: number, attributes: Attributes): void;
}

type Callback = (result: Result) => void;

interface Observable {
  addCallback(callback: Callback): void;
  removeCallback(callback: Callback): void;
}

/** What is used of a meter. */
interface ObservableMeter {
  createObservableGauge(name: string, options: Description): Observable;
  createObservableCounter(name: string, options: Description): Observable;
}

interface Description {
  readonly unit: string;
  readonly description: string;
}

/** Events by what became of them, as in {@linkcode BrokerStatus}. */
const OUTCOMES = {
  published: "published",
  dropped: "dropped",
  failed: "failed",
  received: "received",
  missed: "missed",
  stale: "stale",
  late: "late",
  otherVersion: "other_version",
} as const;

/**
 * Let a broker's status be read whenever metrics are collected:
 *
 * - `hardlight.broker.link`: 1 while it is up, else 0;
 * - `hardlight.broker.topics`, with `state`: `subscribed` or `unsubscribed`;
 * - `hardlight.broker.proof.age` and `hardlight.broker.round_trip`, in seconds, once the link was proved;
 * - `hardlight.broker.pending`: bytes on the way to the engine;
 * - `hardlight.broker.events`, with `outcome`: `published`, `dropped`, `failed`, `received`, `missed`,
 *   `stale`, `late` or `other_version`;
 * - `hardlight.broker.bad_messages`.
 *
 * Each has the service's name as `rpc.service`. Returns what ends it; does nothing where no API is
 * registered.
 */
export function observeBroker(service: string, status: () => BrokerStatus): () => void {
  const meter = telemetryMeter() as unknown as ObservableMeter | undefined;
  if (meter === undefined) return () => {};
  const about: Attributes = { "rpc.service": service };
  const seconds = (of: (now: BrokerStatus) => number | undefined): Callback => (result) => {
    const ms = of(status());
    if (ms !== undefined) result.observe(ms / 1000, about);
  };
  const observed: [Observable, Callback][] = [
    [
      meter.createObservableGauge("hardlight.broker.link", {
        unit: "1",
        description: "Whether the broker can be reached",
      }),
      (result) => result.observe(status().link === "up" ? 1 : 0, about),
    ],
    [
      meter.createObservableGauge("hardlight.broker.proof.age", {
        unit: "s",
        description: "Time since a message to the node itself came back",
      }),
      seconds((now) => now.proofAgeMs),
    ],
    [
      meter.createObservableGauge("hardlight.broker.round_trip", {
        unit: "s",
        description: "Time that message took",
      }),
      seconds((now) => now.roundTripMs),
    ],
    [
      meter.createObservableGauge("hardlight.broker.pending", {
        unit: "By",
        description: "Bytes on the way to the broker",
      }),
      (result) => result.observe(status().pendingBytes, about),
    ],
    [
      meter.createObservableGauge("hardlight.broker.topics", {
        unit: "{topic}",
        description: "Topics with local subscribers, by whether the broker has agreed to them",
      }),
      (result) => {
        const { subscribed, unsubscribed } = status();
        result.observe(subscribed, { ...about, state: "subscribed" });
        result.observe(unsubscribed, { ...about, state: "unsubscribed" });
      },
    ],
    [
      meter.createObservableCounter("hardlight.broker.events", {
        unit: "{event}",
        description: "Events to and from other nodes, by what became of them",
      }),
      (result) => {
        const now = status();
        for (const [count, outcome] of Object.entries(OUTCOMES)) {
          result.observe(now[count as keyof typeof OUTCOMES], { ...about, outcome });
        }
      },
    ],
    [
      meter.createObservableCounter("hardlight.broker.bad_messages", {
        unit: "{message}",
        description: "Messages of the broker that no node of this service sends",
      }),
      (result) => result.observe(status().bad, about),
    ],
  ];
  for (const [observable, callback] of observed) observable.addCallback(callback);
  return () => {
    for (const [observable, callback] of observed) observable.removeCallback(callback);
  };
}
