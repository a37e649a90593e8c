import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { check } from "../check.ts";
import { until } from "../expect.ts";
import { API, ask, chat, PAGE, postJson, slowTurn, THROUGH_NGINX } from "../http.ts";
import type { Product } from "../product.ts";
import { readUntilBroken, textOf } from "./streams.ts";

const BACK_WITHIN_MS = 60_000;

const isReady = async (): Promise<boolean> => (await ask(`${THROUGH_NGINX}/health/ready`)).status === 200;

/** What happens by itself when a part dies. */
export function faults(product: Product): void {
  check("the backend killed in mid-answer: back by itself, what was shown is kept", async () => {
    const [seen] = await Promise.all([
      readUntilBroken(`${THROUGH_NGINX}/chat`, slowTurn("backend-killed", 150, 80)),
      sleep(3000).then(() => product.crash("chat-backend", /^node /)),
    ]);
    const shown = textOf(seen);
    if (shown === "") throw new Error("nothing had been shown");
    const back = await until("the backend is ready", isReady, BACK_WITHIN_MS);
    // The dead server's lease has to run out first.
    await until(
      "the session takes a new turn",
      async () => (await chat(API, "backend-killed", "Hello")).stored,
      20_000,
    );
    const { text } = await ask(`${API}/sessions/backend-killed/messages`);
    const [, answer] = JSON.parse(text).messages as { content: string }[];
    if (!answer?.content.startsWith(shown)) throw new Error("text that was shown is not stored");
    return `ready after ${back.toFixed(1)} s; ${shown.length} characters shown, ${answer.content.length} stored`;
  });
  check("Redis killed: back by itself, with what it had acknowledged a second before", async () => {
    await chat(API, "redis-killed", "My name is Bob");
    // The append-only file is written out each second.
    await sleep(1500);
    await product.crash("redis-memory", /^redis-server /);
    const back = await until("the backend is ready", isReady, BACK_WITHIN_MS);
    const { response } = await chat(API, "redis-killed", "What is my name?");
    if (!response.includes("My name is Bob")) throw new Error(response);
    return `ready after ${back.toFixed(1)} s: ${response}`;
  });
  check("Redis stopped: a stateless turn is answered, a stateful one refused, both at once", async () => {
    await product.run("docker-compose stop redis");
    const turn = (mode: string) => ({ message: "Hello", mode, provider: "mirror", session_id: "away" });
    const stateless = await ask(`${THROUGH_NGINX}/chat`, postJson(turn("stateless")));
    const stateful = await ask(`${THROUGH_NGINX}/chat`, postJson(turn("stateful")));
    const ready = await ask(`${THROUGH_NGINX}/health/ready`);
    await product.run("docker-compose start redis");
    expect([stateless.status, stateful.status, ready.status], "status").toEqual([200, 503, 503]);
    expect(JSON.parse(stateless.text).stored, "stored").toEqual(false);
    if (stateful.headers.get("retry-after") === null) throw new Error("no Retry-After");
    const back = await until("the backend is ready", isReady, BACK_WITHIN_MS);
    return `200 with stored: false, 503 with Retry-After; ready ${back.toFixed(1)} s after its start`;
  });
  check("docker-compose stop in mid-answer: the turn is brought to an end", async () => {
    const [seen] = await Promise.all([
      readUntilBroken(`${API}/chat`, slowTurn("all-stopped", 600, 80)),
      sleep(2000).then(() => product.run("docker-compose stop", 90_000)),
    ]);
    expect(seen.at(-1)?.event, "the end that the reader saw").toEqual("turn-interrupted");
    expect(await product.inspect("chat-backend", "{{.State.ExitCode}}"), "the backend's exit code").toEqual(
      "0",
    );
    await product.up();
    const turn = `${API}/sessions/all-stopped/turns/${seen[0]?.data.turn_id}`;
    const { status, response } = JSON.parse((await ask(turn)).text);
    expect([status, response], "what is stored").toEqual(["interrupted", textOf(seen)]);
    return `turn-interrupted, ${textOf(seen).length} characters seen and stored`;
  });
  check("the backend stopped: nginx says so, the page says so", async () => {
    await product.run("docker-compose stop backend");
    const { status } = await ask(`${THROUGH_NGINX}/health/ready`);
    const pageStatus = (await ask(PAGE)).status;
    await product.run("docker-compose start backend");
    expect([pageStatus, status >= 502 && status <= 504], "the page's status, the API's").toEqual([200, true]);
    await until("the backend is ready", isReady, BACK_WITHIN_MS);
    return `the page 200, the API ${status}`;
  });
}
