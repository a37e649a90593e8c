import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { check } from "../check.ts";
import { until } from "../expect.ts";
import { ask, events, PAGE, type StreamEvent, slowTurn } from "../http.ts";
import type { Product } from "../product.ts";

const THROUGH_NGINX = `${PAGE}/api`;

/** What a client has received when its connection breaks, or when the stream has ended. */
export async function readUntilBroken(url: string, init: RequestInit): Promise<StreamEvent[]> {
  const seen: StreamEvent[] = [];
  try {
    for await (const event of events(url, init)) seen.push(event);
  } catch (error) {
    if (seen.length === 0) throw error;
  }
  return seen;
}

export const textOf = (seen: readonly StreamEvent[]): string =>
  seen.map(({ event, data }) => (event === "text-delta" ? data.text : "")).join("");

/** The rest of a turn that was begun, from the last event that was seen. */
export async function resume(
  base: string,
  sessionId: string,
  seen: readonly StreamEvent[],
): Promise<StreamEvent[]> {
  const last = seen.at(-1);
  const url = `${base}/sessions/${sessionId}/turns/${last?.data.turn_id}/events`;
  return readUntilBroken(url, { headers: { "last-event-id": last?.id ?? "" } });
}

export function streams(product: Product): void {
  check("arrive word by word: 40 words, one each 50 ms", async () => {
    const seen = await readUntilBroken(`${THROUGH_NGINX}/chat`, slowTurn("words", 40, 50));
    const deltas = seen.filter(({ event }) => event === "text-delta");
    const gaps = deltas.slice(1).map(({ at }, index) => at - (deltas[index]?.at ?? 0));
    const longest = Math.max(...gaps);
    if (deltas.length < 30) throw new Error(`in ${deltas.length} pieces`);
    // Collected on the way, all of them would arrive at the end.
    const [first, last] = [deltas.at(0)?.at ?? 0, deltas.at(-1)?.at ?? 0];
    expect(first, "ms until the first").toBeLessThan(last / 2);
    expect(seen.at(-1)?.event, "the end").toEqual("turn-completed");
    return `${deltas.length} pieces, the longest pause ${longest.toFixed(0)} ms`;
  });
  check("are resumed after nginx was killed, no word lost or doubled", async () => {
    const [before] = await Promise.all([
      readUntilBroken(`${THROUGH_NGINX}/chat`, slowTurn("nginx-killed", 150, 80)),
      sleep(3000).then(() => product.crash("chat-frontend", /nginx: master/)),
    ]);
    if (before.at(-1)?.event === "turn-completed") throw new Error("the stream was not broken");
    const back = await until("nginx serves again", async () => (await ask(PAGE)).status === 200, 30_000);
    const after = await resume(THROUGH_NGINX, "nginx-killed", before);
    expect(after.at(-1)?.event, "the end").toEqual("turn-completed");
    const whole = textOf(before) + textOf(after);
    expect(whole, "the text").toEqual(after.at(-1)?.data.response);
    return `${textOf(before).length} + ${textOf(after).length} characters; nginx back after ${back.toFixed(1)} s`;
  });
}
