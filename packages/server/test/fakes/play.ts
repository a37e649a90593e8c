import type { ServerResponse } from "node:http";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { FakeToolCall, Scenario } from "./scenario.ts";

/** An answer's events in one provider's form, each as the text that goes over the wire. */
export interface AnswerFrames {
  /** What comes before the first text. */
  head(): string;
  reasoning(piece: string): string;
  text(piece: string): string;
  /** A call, as the packets that it comes in. */
  toolCall(call: FakeToolCall, index: number): readonly string[];
  /** What comes after the last text. */
  tail(): string;
  error(): string;
}

/**
 * Streams an answer as the scenario says; whole or to be cut, its end is left to the caller.
 * `gone` ends every wait: the client or the server has left.
 */
export async function playStream(
  response: ServerResponse,
  frames: AnswerFrames,
  pieces: readonly string[],
  scenario: Scenario,
  gone: AbortSignal,
  untilResumed: (signal: AbortSignal) => Promise<unknown>,
): Promise<"whole" | "cut"> {
  const pause = (milliseconds: number): Promise<void> => sleep(milliseconds, undefined, { signal: gone });
  if (scenario.initialDelayMs) await pause(scenario.initialDelayMs);
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  const out = new Out(response, scenario.byteByByte ?? false);

  if (scenario.packets !== undefined) {
    for await (const packet of scenario.packets) {
      await out.packet(packet);
      // Time for the packet to arrive by itself.
      await pause(scenario.delayMs ?? 5);
    }
    return "whole";
  }

  out.add(frames.head());
  for (const thought of scenario.reasoning ?? []) {
    out.add(frames.reasoning(thought));
    if (scenario.delayMs) {
      await out.flush();
      await pause(scenario.delayMs);
    }
  }
  for (let index = 0; index <= pieces.length; index++) {
    if (index === scenario.cutAfter) {
      await out.flush();
      return "cut";
    }
    if (index === scenario.pausedAfter) {
      await out.flush();
      await untilResumed(gone);
    }
    if (index === scenario.silentAfter) {
      await out.flush();
      await sleep(2 ** 30, undefined, { signal: gone });
    }
    if (index === scenario.malformedAfter) out.add("data: {this is no JSON\n\n");
    if (index === scenario.errorAfter) {
      out.add(frames.error());
      break;
    }
    const piece = pieces[index];
    if (piece === undefined) {
      for (const packet of (scenario.toolCalls ?? []).flatMap((call, n) => frames.toolCall(call, n))) {
        out.add(packet);
        if (scenario.delayMs) {
          await out.flush();
          await pause(scenario.delayMs);
        }
      }
      out.add(frames.tail());
      break;
    }
    out.add(frames.text(piece));
    if (scenario.delayMs) {
      await out.flush();
      await pause(scenario.delayMs);
    }
  }
  // The last packet is not waited for: with the end of the body that the caller adds, it makes one.
  await out.flush(false);
  return "whole";
}

/** Gathers what is to arrive together. */
class Out {
  readonly #response: ServerResponse;
  readonly #byteByByte: boolean;
  #pending = "";

  constructor(response: ServerResponse, byteByByte: boolean) {
    this.#response = response;
    this.#byteByByte = byteByByte;
  }

  add(text: string): void {
    this.#pending += text;
  }

  async flush(wait = true): Promise<void> {
    const pending = this.#pending;
    this.#pending = "";
    if (pending === "") return;
    if (!this.#byteByByte) {
      const out = this.packet(pending);
      if (wait) await out;
      return;
    }
    for (const byte of Buffer.from(pending)) {
      await this.packet(Buffer.of(byte));
      await nextTurn();
    }
  }

  /** Resolves when the packet is out of this process, so that a cut comes behind it. */
  packet(data: string | Uint8Array): Promise<void> {
    if (this.#response.destroyed) return Promise.resolve();
    return new Promise((resolve) => this.#response.write(data, () => resolve()));
  }
}
