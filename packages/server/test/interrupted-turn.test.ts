import { expect, onTestFinished, test } from "vitest";
import { serverBinary, startServer } from "../../memory/test/servers.ts";
import { TurnStream } from "./faults/turn-stream.ts";
import { startTestServer } from "./test-server.ts";

test("after Redis was killed in mid-turn, the next message is accepted as soon as Redis answers", async () => {
  const redis = await startServer(serverBinary(), ["--appendonly", "yes", "--appendfsync", "always"]);
  onTestFinished(() => redis.stop());
  const server = await startTestServer({ env: { REDIS_URL: redis.url }, mirrorDelayMs: 50 });
  const body = { mode: "stateful", provider: "mirror", session_id: "s" } as const;
  const message = Array.from({ length: 400 }, () => "word").join(" ");
  const turn = TurnStream.ask(await server.listen(), { ...body, message });
  await turn.received(3);
  await redis.kill();
  await turn.closed;
  expect(turn.end?.event).toBe("turn-interrupted");
  await redis.restart();
  const send = async () => (await server.inject("POST", "/chat", { ...body, message: "Hi" })).statusCode;
  let status = await send();
  while (status === 503) status = await send();
  expect(status).toBe(200);
  const { turns } = (await server.inject("GET", "/sessions/s/export")).json();
  expect(turns.map((one: { status: string }) => one.status)).toEqual(["interrupted", "completed"]);
});
