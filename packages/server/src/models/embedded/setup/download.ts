import { createWriteStream } from "node:fs";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { networkProblem } from "@redis-memory-magic/setup/network-problem";
import { type Dispatcher, EnvHttpProxyAgent, interceptors, request } from "undici";
import { sizeOf } from "./files.ts";
import { codeOf, NoSpaceError, SetupError } from "./setup-error.ts";

const CONNECT_TIMEOUT_MS = 5_000;
const HEADERS_TIMEOUT_MS = 15_000;
/** Longest silence in the middle of a download. */
const SILENCE_TIMEOUT_MS = 30_000;
/** Attempts in a row without a byte, once there were some: about half a minute of a broken network. */
const MAX_FAILURES = 5;

export interface PartialFile {
  /** The part file; bytes that it has are not fetched again. */
  readonly part: string;
  readonly totalBytes: number;
  readonly signal: AbortSignal;
  /** How much of the file is there now. */
  readonly onProgress: (receivedBytes: number) => void;
}

/** The server answered, and what it answered is not the file: asking again does not help. */
class WrongAnswer extends Error {}

/**
 * Fetches what is missing of a file by HTTP. A cut is resumed where it happened, also in a later process; a
 * server that cannot be reached is given up at once. The caller checks what came. Rejects with a
 * `SetupError`, or with the signal's reason.
 */
export async function download(url: string, file: PartialFile): Promise<void> {
  const dispatcher = new EnvHttpProxyAgent({
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: HEADERS_TIMEOUT_MS,
    bodyTimeout: SILENCE_TIMEOUT_MS,
  }).compose(interceptors.redirect({ maxRedirections: 5 }));
  try {
    await downloadWithRetries(url, file, dispatcher);
  } finally {
    await dispatcher.destroy();
  }
}

async function downloadWithRetries(url: string, file: PartialFile, dispatcher: Dispatcher): Promise<void> {
  const { signal, part } = file;
  let failures = 0;
  let anyReceived = false;
  while (true) {
    const before = await sizeOf(part);
    try {
      return await fetchRest(url, file, dispatcher);
    } catch (error) {
      signal.throwIfAborted();
      if (codeOf(error) === "ENOSPC") throw new NoSpaceError(dirname(part), { cause: error });
      const received = (await sizeOf(part)) > before;
      anyReceived ||= received;
      failures = received ? 1 : failures + 1;
      if (error instanceof WrongAnswer || !anyReceived || failures > MAX_FAILURES) {
        throw new SetupError(
          `The download from ${new URL(url).host} failed: ${describe(error)}`,
          "Check the network, then try again: what was downloaded is kept.",
          { cause: error },
        );
      }
      await sleep(500 * 2 ** failures, undefined, { signal });
    }
  }
}

async function fetchRest(url: string, file: PartialFile, dispatcher: Dispatcher): Promise<void> {
  const { part, totalBytes, signal, onProgress } = file;
  const offset = await sizeOf(part);
  if (offset === totalBytes) return;
  const resumed = offset > 0 && offset < totalBytes;
  const { statusCode, headers, body } = await request(url, {
    dispatcher,
    signal,
    headers: { "accept-encoding": "identity", ...(resumed ? { range: `bytes=${offset}-` } : {}) },
  });
  try {
    const start = startOf(statusCode, headers["content-range"], offset);
    const length = Number(headers["content-length"] ?? totalBytes - start);
    if (start + length !== totalBytes) {
      throw new WrongAnswer(`the file has ${start + length} bytes there, ${totalBytes} were expected.`);
    }
    let received = start;
    body.on("data", (chunk: Buffer) => {
      received += chunk.length;
      onProgress(received);
    });
    await pipeline(body, createWriteStream(part, start === 0 ? { flags: "w" } : { flags: "r+", start }), {
      signal,
    });
    if (received !== totalBytes)
      throw new Error(`the connection ended after ${received} of ${totalBytes} bytes.`);
  } finally {
    body.on("error", () => {}).destroy();
  }
}

/** Where the body of an answer starts in the file. */
function startOf(statusCode: number, contentRange: unknown, offset: number): number {
  // A server that knows no ranges sends the file from its start.
  if (statusCode === 200) return 0;
  if (statusCode === 206 && String(contentRange).startsWith(`bytes ${offset}-`)) return offset;
  throw new WrongAnswer(`it answered with HTTP status ${statusCode}.`);
}

function describe(error: unknown): string {
  if (error instanceof WrongAnswer) return error.message;
  return `${networkProblem(error) ?? `the connection broke (${codeOf(error) ?? "cut"})`}.`;
}
