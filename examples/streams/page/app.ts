/**
 * The script of the workshop's page.
 *
 * @module
 */
/// <reference lib="dom" />
import { connect } from "../../../browser.ts";
import { Workshop } from "../service.ts";

function element<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

const client = await connect(Workshop, new URL("/", location.href));

/** Run a task that `stop` ends, and show its outcome. */
async function run(
  stop: HTMLButtonElement,
  status: HTMLElement,
  task: (signal: AbortSignal) => Promise<string>,
): Promise<void> {
  const controller = new AbortController();
  stop.disabled = false;
  stop.onclick = () => controller.abort();
  try {
    status.textContent = await task(controller.signal);
  } catch (error) {
    status.textContent = controller.signal.aborted ? "Stopped." : String(error);
  } finally {
    stop.disabled = true;
  }
}

const PART_BYTES = 65_536;

/** A file in parts. The parts of `file.stream()` can have 2 MiB, over the default limit of a message. */
async function* partsOf(file: File): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < file.size; start += PART_BYTES) {
    yield new Uint8Array(await file.slice(start, start + PART_BYTES).arrayBuffer());
  }
}

const file = element<HTMLInputElement>("file");
const uploaded = element<HTMLProgressElement>("uploaded");
file.onchange = () =>
  run(element<HTMLButtonElement>("cancel-upload"), element("upload-status"), async (signal) => {
    const [chosen] = file.files ?? [];
    if (chosen === undefined) return "";
    uploaded.max = chosen.size;
    const { name } = chosen;
    for await (const sent of client.rpc.upload({ name, parts: partsOf(chosen) }, { signal })) {
      uploaded.value = Number(sent);
    }
    return `The server has all ${chosen.size} bytes of ${name}.`;
  });

const counted = element<HTMLProgressElement>("counted");
element("count").onclick = () =>
  run(element<HTMLButtonElement>("cancel-count"), element("count-status"), async (signal) => {
    const below = element<HTMLInputElement>("below").valueAsNumber;
    let primes = 0;
    for await (const count of client.rpc.countPrimes({ below }, { signal })) {
      primes = count.primes;
      counted.value = count.checked / below;
      element("count-status").textContent = `${primes} primes so far`;
    }
    return `There are ${primes} primes below ${below}.`;
  });

const log = element("log");
element("follow").onclick = () =>
  run(element<HTMLButtonElement>("unfollow"), element("log-status"), async (signal) => {
    log.textContent = "";
    element("log-status").textContent = "";
    for await (const line of client.rpc.tail({ last: 10 }, { signal })) {
      log.append(line, "\n");
      log.scrollTop = log.scrollHeight;
    }
    return "The log has ended.";
  });
