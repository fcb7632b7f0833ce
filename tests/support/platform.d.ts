/**
 * All globals that the core uses besides ECMAScript. Its second type check declares no others, and
 * `tests/globals_test.ts` checks that each runtime has every one of them.
 */
declare class AbortSignal {
  static abort(reason?: unknown): AbortSignal;
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(
    type: "abort",
    listener: (() => void) | { handleEvent(): void },
    options?: { once?: boolean },
  ): void;
  removeEventListener(type: "abort", listener: (() => void) | { handleEvent(): void }): void;
}
declare class AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}
declare class URLSearchParams {
  get(name: string): string | null;
  set(name: string, value: string): void;
  append(name: string, value: string): void;
  delete(name: string): void;
  has(name: string): boolean;
}
declare class URL {
  static canParse(url: string, base?: string): boolean;
  constructor(url: string | URL, base?: string | URL);
  hash: string;
  host: string;
  readonly hostname: string;
  readonly href: string;
  readonly origin: string;
  readonly pathname: string;
  readonly port: string;
  readonly protocol: string;
  readonly search: string;
  readonly searchParams: URLSearchParams;
}
declare class Headers {
  constructor(init?: Headers | Readonly<Record<string, string>>);
  get(name: string): string | null;
  set(name: string, value: string): void;
  append(name: string, value: string): void;
  has(name: string): boolean;
  delete(name: string): void;
  [Symbol.iterator](): IterableIterator<[string, string]>;
}
declare class Request {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
}
declare class Response {
  constructor(
    body?: string | Uint8Array<ArrayBuffer> | null,
    init?: { status?: number; headers?: Headers | Readonly<Record<string, string>> },
  );
  readonly status: number;
  readonly headers: Headers;
  readonly bodyUsed: boolean;
  readonly body: { readonly locked: boolean } | null;
  text(): Promise<string>;
}
declare class MessageChannel {
  readonly port1: MessagePort;
  readonly port2: MessagePort;
}
interface MessagePort {
  onmessage: (() => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}
declare class ReadableStream<T> {
  constructor(
    source: {
      pull?(controller: ReadableStreamDefaultController<T>): void | PromiseLike<void>;
      cancel?(reason?: unknown): void | PromiseLike<void>;
    },
    strategy?: { highWaterMark?: number },
  );
  readonly locked: boolean;
  getReader(): ReadableStreamDefaultReader<T>;
}
interface ReadableStreamDefaultController<T> {
  enqueue(chunk: T): void;
  close(): void;
  error(reason?: unknown): void;
}
interface ReadableStreamDefaultReader<T> {
  read(): Promise<{ done: false; value: T } | { done: true; value: T | undefined }>;
  cancel(reason?: unknown): Promise<void>;
  releaseLock(): void;
}
declare class TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>;
  encodeInto(text: string, into: Uint8Array): { read: number; written: number };
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(bytes?: Uint8Array | ArrayBuffer): string;
}
interface CryptoKey {
  readonly type: string;
}
declare const crypto: {
  getRandomValues<T extends Uint8Array | Uint32Array | BigUint64Array>(into: T): T;
  randomUUID(): string;
  readonly subtle: {
    digest(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer>;
    exportKey(format: "spki" | "pkcs8", key: CryptoKey): Promise<ArrayBuffer>;
    generateKey(
      algorithm: { name: "ECDSA"; namedCurve: string },
      extractable: boolean,
      usages: readonly ("sign" | "verify")[],
    ): Promise<{ publicKey: CryptoKey; privateKey: CryptoKey }>;
    sign(
      algorithm: { name: "ECDSA"; hash: string },
      key: CryptoKey,
      bytes: Uint8Array<ArrayBuffer>,
    ): Promise<ArrayBuffer>;
  };
};
declare const performance: { now(): number };
declare function btoa(text: string): string;
declare function clearTimeout(timer: number | undefined): void;
declare function queueMicrotask(run: () => void): void;
declare function setTimeout<T>(run: (arg: T) => void, delayMs: number, arg: T): number;
declare function setTimeout(run: () => void, delayMs?: number): number;
