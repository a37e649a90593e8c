import { setTimeout as sleep } from "node:timers/promises";
import { TurnStream } from "../faults/turn-stream.ts";
import { within } from "../within.ts";
import type { Servers } from "./topology.ts";

const ENDS_WITHIN_MS = 60_000;

interface Asked {
  readonly seen: TurnStream;
  readonly from: number;
  to: number;
}

/** People who ask, read the answer, and ask again, each turn in a session of its own, at whichever server it is. */
export class Load {
  readonly asked: Asked[] = [];
  readonly #people: Promise<void>[];
  #over = false;

  constructor(servers: Servers, people: number, question: string) {
    this.#people = Array.from({ length: people }, (_, n) => this.#ask(servers, n, question));
  }

  /** Nobody asks any more. Resolves when the last has his answer. */
  async end(): Promise<void> {
    this.#over = true;
    await within(ENDS_WITHIN_MS, Promise.all(this.#people));
  }

  /** Answered to the end. */
  get completed(): number {
    return this.asked.filter(({ seen }) => seen.end?.event === "turn-completed").length;
  }

  async #ask(servers: Servers, person: number, question: string): Promise<void> {
    for (let n = 0; !this.#over; n++) {
      const { base } = servers.all[(person + n) % servers.all.length] ?? servers;
      const session_id = `p${person}-${n}`;
      const body = { message: question, mode: "stateful", provider: "chatgpt", session_id } as const;
      const seen = TurnStream.ask(base, body);
      const turn: Asked = { seen, from: performance.now(), to: Number.POSITIVE_INFINITY };
      this.asked.push(turn);
      await seen.over;
      turn.to = performance.now();
      // As a balancer and a patient client do: not at once again where nobody is.
      if (seen.status !== 200) await sleep(100);
    }
  }
}
