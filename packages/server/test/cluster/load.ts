import { setTimeout as sleep } from "node:timers/promises";
import { chatRequest, TurnStream } from "../faults/turn-stream.ts";
import { ENDS_WITHIN_MS, within } from "../within.ts";
import type { Servers } from "./topology.ts";

interface Asked {
  readonly stream: TurnStream;
  readonly from: number;
  to: number;
}

/** Users who ask, read the answer and ask again, each turn in a new session, on the servers in turn. */
export class Load {
  readonly asked: Asked[] = [];
  readonly #users: Promise<void>[];
  #hasEnded = false;

  constructor(servers: Servers, users: number, message: string) {
    this.#users = Array.from({ length: users }, (_, n) => this.#ask(servers, n, message));
  }

  /** Asks no more. Resolves when the last user has the answer. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    await within(ENDS_WITHIN_MS, Promise.all(this.#users));
  }

  get completed(): number {
    return this.asked.filter(({ stream }) => stream.end?.event === "turn-completed").length;
  }

  /** Resolves when this many more turns have completed. */
  async completes(more: number): Promise<void> {
    const enough = this.completed + more;
    while (this.completed < enough) await sleep(100);
  }

  async #ask(servers: Servers, user: number, message: string): Promise<void> {
    for (let n = 0; !this.#hasEnded; n++) {
      const { base } = servers.all[(user + n) % servers.all.length] ?? servers;
      const stream = TurnStream.ask(base, chatRequest(`p${user}-${n}`, message));
      const turn: Asked = { stream, from: performance.now(), to: Number.POSITIVE_INFINITY };
      this.asked.push(turn);
      await stream.closed;
      turn.to = performance.now();
      // A patient client does not ask a server that is down again at once.
      if (stream.status !== 200) await sleep(100);
    }
  }
}
