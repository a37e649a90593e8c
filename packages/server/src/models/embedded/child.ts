// The model's own process: a crash of llama.cpp ends this one, not the server.
// Started by `process/model-process.ts` with the runtime's URL and the model's path.

import { ContextTooLong, Engine } from "./process/engine.ts";
import type { LlamaCpp } from "./process/llama-cpp.ts";
import type { AnswerRequest, FromChild, ToChild } from "./process/protocol.ts";

// Ends with the server. Not by `exit`, which would wait for a computation in native code.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
// Ctrl-C reaches the whole group: the server decides what is finished before the model ends.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});

const [, , runtime = "", modelPath = ""] = process.argv;
const running = new Map<number, AbortController>();

try {
  const llamaCpp: LlamaCpp = await import(runtime);
  const engine = await Engine.load(llamaCpp, modelPath, () => send({ type: "loading" }));
  process.on("message", (message: ToChild) => {
    if (message.type === "answer") void answer(engine, message.id, message.request);
    else if (message.type === "cancel") running.get(message.id)?.abort();
    else count(engine, message.id, message.texts);
  });
  send({ type: "ready" });
} catch (error) {
  send({ type: "unusable", reason: reasonOf(error) });
}

async function answer(engine: Engine, id: number, request: AnswerRequest): Promise<void> {
  const controller = new AbortController();
  running.set(id, controller);
  const output = new CoalescedOutput(id);
  try {
    const result = await engine.answer(request, output, controller.signal);
    output.flush();
    send({ type: "answered", id, result });
  } catch (error) {
    if (controller.signal.aborted) send({ type: "cancelled", id });
    else if (error instanceof ContextTooLong) {
      send({ type: "too-long", id, tokens: error.tokens, window: error.window });
    } else send({ type: "failed", id, reason: reasonOf(error) });
  } finally {
    running.delete(id);
  }
}

function count(engine: Engine, id: number, texts: readonly string[]): void {
  try {
    send({ type: "counted", id, counts: engine.countTokens(texts) });
  } catch (error) {
    send({ type: "failed", id, reason: reasonOf(error) });
  }
}

/** Joins what a turn of the event loop brings into one message. */
class CoalescedOutput {
  readonly #id: number;
  #text = "";
  #working = false;
  #scheduled = false;

  constructor(id: number) {
    this.#id = id;
  }

  text(piece: string): void {
    this.#text += piece;
    this.#schedule();
  }

  working(): void {
    this.#working = true;
    this.#schedule();
  }

  flush(): void {
    this.#scheduled = false;
    if (this.#text !== "") send({ type: "text", id: this.#id, text: this.#text });
    else if (this.#working) send({ type: "working", id: this.#id });
    this.#text = "";
    this.#working = false;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.flush());
  }
}

function send(message: FromChild): void {
  if (process.connected) process.send?.(message);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
