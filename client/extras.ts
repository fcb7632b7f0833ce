/**
 * {@linkcode partsWithExtras}: the parts of a page's client with options. Loaded only with options; imports
 * nothing of the page's first chunk, which a bundler would then split.
 *
 * @module
 */
import type { MethodInfo } from "../service/types.ts";
import type { Framing } from "../wire/deflater.ts";
import type { badDeflate, tooBig } from "../wire/faults.ts";
import type { OtherLimits } from "../wire/limits.ts";
import type { AnswerKit } from "./answers.ts";
import { checkOptions } from "./check_options.ts";
import type { ConnectOptions } from "./options.ts";
import { MAX_QUEUED_CALLS, type MayWait, type PageParts } from "./parts.ts";

/** Limits that pages ignore; they may be among limits shared by both sides. */
const OTHER_LIMITS: Readonly<Record<keyof OtherLimits, 1>> = {
  maxHeldBytes: 1,
  maxTotalHeldBytes: 1,
  maxSubscriptions: 1,
  maxWaitingBytes: 1,
  maxTotalBufferedBytes: 1,
  maxConnections: 1,
  maxStuckConnections: 1,
  maxPlainConnections: 1,
  maxAuthorizations: 1,
  idleTimeoutMs: 1,
};

/** What the parts of an option take from the page's first chunk: functions for archives, all codes, errors, and bounds. */
export type PageKit = readonly [
  readArchive: AnswerKit["readArchive"],
  writeArchive: AnswerKit["writeArchive"],
  codes: AnswerKit["codes"],
  badDeflate: typeof badDeflate,
  tooBig: typeof tooBig,
  checkSize: AnswerKit["checkSize"],
];

/** The module that frames messages at a level above 0. */
export interface Deflating {
  readonly DeflatingFraming: new (
    level: number,
    stored: Framing,
    badDeflate: PageKit[3],
    tooBig: PageKit[4],
  ) => Framing;
}

/**
 * Validate a page's options, and load the parts for them.
 *
 * @param service The service.
 * @param plain The parts without options.
 * @param kit What the page has loaded, for the parts.
 * @param loadDeflating Loads what frames messages at a level above 0.
 * @throws {TypeError} If an option is unknown or invalid, or only the browser decides on it.
 * @throws {RangeError} If a number is out of bounds.
 */
export async function partsWithExtras(
  { name, clientMethods }: { readonly name: string; readonly clientMethods: readonly MethodInfo[] },
  options: ConnectOptions<never, never, never>,
  plain: PageParts,
  [readArchive, writeArchive, codes, badDeflate, tooBig, checkSize]: PageKit,
  loadDeflating: () => Promise<Deflating>,
): Promise<PageParts> {
  const { tls, headers, onTrace, client } = options;
  if (tls !== undefined || Object.keys(headers ?? {}).length > 0 || typeof headers === "function") {
    throw new TypeError("Cannot send headers, or choose whom to trust: the browser does");
  }
  const limits = { ...OTHER_LIMITS, ...plain.limits };
  const { whenFull, ...checked } = checkOptions(options, { ...plain, limits, whenFull: "fail" });
  const isObserved = onTrace !== undefined || isOpenTelemetryThere();
  const isCalled = clientMethods.length > 0 || client !== undefined;
  const [framing, telemetry, answers] = await Promise.all([
    checked.level === 0 ? plain.framing : loadDeflating().then(
      ({ DeflatingFraming }) =>
        new DeflatingFraming(checked.level, plain.framing, badDeflate, tooBig),
    ),
    isObserved
      ? import("./telemetry.ts").then((made) => made.createTelemetry(name, onTrace))
      : undefined,
    isCalled ? import("./answers.ts") : undefined,
  ]);
  return {
    ...plain,
    ...checked,
    framing,
    mayWait: whenFull === "wait" ? mayWait(checked.limits.maxBufferedBytes) : undefined,
    openAnswers: answers?.answering(clientMethods, client, {
      readArchive,
      writeArchive,
      codes,
      checkSize,
      watch: telemetry?.watchAnswer,
    }),
    watch: telemetry?.watch,
    follow: telemetry?.follow,
  };
}

function isOpenTelemetryThere(): boolean {
  return Symbol.for("opentelemetry.js.api.1") in globalThis;
}

/** Up to {@linkcode MAX_QUEUED_CALLS} calls may wait for an id, and so many bytes of their requests. */
export function mayWait(maxBytes: number): MayWait {
  return (call, waiting) => {
    let bytes = call.request.length;
    for (const { request } of waiting) bytes += request.length;
    return waiting.size < MAX_QUEUED_CALLS && bytes <= maxBytes;
  };
}
