import { expect, test } from "vitest";
import { startLimited as start } from "../../../test/limited-server.ts";
import type { TestServer } from "../../../test/test-server.ts";

const ASK = { message: "Hi", mode: "stateful", provider: "mirror" };

const fake = (scenario: object) => `fake ${JSON.stringify(scenario)}`;
const taken = async ({ command, name }: TestServer, meter: string) =>
  Number(await command("GET", `${name}:limits:${meter}:owner:alice`));

/** What the model was asked; not how it is. */
const asked = ({ openai }: TestServer) => openai.turns;

test("the day's tokens are used up by turns, and what was expected is corrected by what came", async () => {
  const { as } = await start({ LIMIT_TOKENS_PER_DAY: "1000" });
  const alice = await as("alice");
  let answered = 0;
  let last = await alice.chat("s0");
  while (last.statusCode === 200 && answered < 200) {
    answered++;
    last = await alice.chat(`s${answered}`);
  }
  // A turn here takes some 30 tokens.
  expect(answered).toBeGreaterThan(8);
  expect(answered).toBeLessThan(60);
  expect(last.statusCode).toBe(429);
  expect(last.json()).toMatchObject({ code: "allowance_used", detail: expect.stringContaining("24 hours") });
  expect(Number(last.headers["retry-after"])).toBeGreaterThan(80_000);
  expect(last.headers["x-should-retry"]).toBe("false");
});

test("counts the day's money by the price table; free models stay available", async () => {
  const { server, as } = await start({ LIMIT_USD_PER_DAY: "0.002" });
  const alice = await as("alice");
  // 1,000 tokens at $0.25 and 100 at $2 for a million: $0.00045, so four of them fit.
  const message = fake({ words: 3, usage: { input: 1000, output: 100 } });
  const ask = () => alice.post("/chat", { ...ASK, message, provider: "chatgpt" });
  for (let n = 1; n <= 4; n++) {
    expect((await ask()).statusCode).toBe(200);
    await expect.poll(() => taken(server, "usd")).toBe(n * 450);
  }
  const last = await ask();
  expect(last.json()).toMatchObject({ code: "allowance_used", detail: expect.stringContaining("money") });
  expect((await alice.chat("free")).statusCode).toBe(200);
  expect(server.lines.join()).toContain('"policy":"usd"');
});

test("answers that run at once end when the day's tokens do, keep what they have, and are counted to the token", async () => {
  const quota = 5000;
  const { server, as } = await start({ LIMIT_TOKENS_PER_DAY: String(quota) });
  const alice = await as("alice");
  // Nothing is known yet of how long answers get: each would take 6,000 tokens.
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, n) =>
      alice.post("/chat", {
        message: fake({ words: 2000, delayMs: 20 }),
        mode: "stateful",
        provider: "chatgpt",
        session_id: `s${n}`,
      }),
    ),
  );
  let sum = 0;
  for (const { statusCode, headers, json } of answers) {
    expect(statusCode).toBe(429);
    const { code, response, session_id, turn_id } = json();
    expect(code).toBe("allowance_used");
    expect(response).toMatch(/^word 1 word 2 /);
    expect(response).not.toContain("word 2000");
    expect(Number(headers["retry-after"])).toBeGreaterThan(80_000);
    const { report } = (await alice.get(`/sessions/${session_id}/turns/${turn_id}`)).json();
    sum += report.tokens.counted + Math.ceil(response.length / 3);
  }
  // What was written while Redis was asked for more is counted too; that no more is granted than there is, and all
  // of it, storage/redis-meters.test.ts holds.
  await expect.poll(() => taken(server, "tokens")).toBe(sum);
  expect(sum).toBeGreaterThan(quota - 102);
});

test("a history that takes more than is left is not sent, and costs nothing", async () => {
  const { server, as } = await start({ LIMIT_TOKENS_PER_DAY: "5000" });
  const alice = await as("alice");
  const content = "A quick brown fox jumps over it. ".repeat(1000);
  await alice.post("/sessions/s/messages", { messages: [{ role: "user", content }] });
  const refused = await alice.post("/chat", { ...ASK, provider: "chatgpt", session_id: "s" });
  expect(refused.json()).toMatchObject({ code: "allowance_used" });
  expect(asked(server)).toEqual([]);
  await expect.poll(() => taken(server, "tokens")).toBe(0);
  expect((await alice.chat("other")).statusCode).toBe(200);
});
