// The embedding model's own process: a crash of ONNX Runtime ends this one, not the server. Started by
// `embedding-process.ts` with the encoder's files as JSON.
import { E5_SMALL } from "./e5-small.ts";
import { Encoder, type EncoderFiles } from "./encoder.ts";
import type { FromChild, ToChild } from "./protocol.ts";

// Ends with the server. Not by `exit`, which would wait for a computation in native code.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
// Ctrl-C reaches the whole group: the server decides what is finished before the model ends.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});

type Asked = Extract<ToChild, { type: "embed" }>;

/** In the order in which they are taken: a search waits for queries, passages are for later, requests are of clients. */
const waiting = {
  query: new Map<number, Asked>(),
  passage: new Map<number, Asked>(),
  request: new Map<number, Asked>(),
};
let isWorking = false;

try {
  const files: EncoderFiles = JSON.parse(process.argv[2] ?? "");
  const encoder = await Encoder.load(files, E5_SMALL.maxTokens);
  process.on("message", (message: ToChild) => {
    if (message.type === "cancel") cancel(message.id);
    else {
      waiting[message.purpose].set(message.id, message);
      void work(encoder);
    }
  });
  send({ type: "ready" });
} catch (error) {
  send({ type: "unusable", reason: reasonOf(error) });
}

async function work(encoder: Encoder): Promise<void> {
  if (isWorking) return;
  isWorking = true;
  for (let next = take(); next !== undefined; next = take()) {
    const { id, text, purpose } = next;
    try {
      send({ type: "embedded", id, vector: await encoder.encode(E5_SMALL.prefixes[purpose] + text) });
    } catch (error) {
      send({ type: "failed", id, reason: reasonOf(error) });
    }
    // What came meanwhile is received before the next one begins.
    await new Promise((resolve) => setImmediate(resolve));
  }
  isWorking = false;
}

function cancel(id: number): void {
  const isWaiting = Object.values(waiting).some((queue) => queue.delete(id));
  if (isWaiting) send({ type: "failed", id, reason: "it was cancelled" });
}

function take(): Asked | undefined {
  for (const queue of Object.values(waiting)) {
    for (const [id, asked] of queue) {
      queue.delete(id);
      return asked;
    }
  }
  return undefined;
}

function send(message: FromChild): void {
  if (process.connected) process.send?.(message);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
