import { expect, test } from "vitest";
import { TurnStream } from "./faults/turn-stream.ts";
import { startTestServer } from "./test-server.ts";

test("a server that is shutting down refuses new connections and completes its running requests", async () => {
  const server = await startTestServer({ mirrorDelayMs: 50 });
  const base = await server.listen();
  const ask = (session_id: string) => {
    const body = { message: "Hi", mode: "stateful", provider: "mirror", session_id };
    return TurnStream.ask(base, body as Parameters<typeof TurnStream.ask>[1]);
  };
  const running = ask("running");
  await running.received(2);
  const closed = server.close(60_000);
  const late = ask("late");
  await late.closed;
  expect(late.status).toBe(0);
  await running.closed;
  expect(running.end?.event).toBe("turn-completed");
  await closed;
});
