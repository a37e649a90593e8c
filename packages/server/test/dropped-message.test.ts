import { MessageHistory } from "@redis-memory-magic/memory";
import { expect, test } from "vitest";
import { startTestServer } from "./test-server.ts";

test("a history whose first message its library has dropped is sent whole, where it fits", async () => {
  const server = await startTestServer();
  const say = async (message: string) => {
    const body = { message, mode: "stateful", provider: "mirror", session_id: "s", context_tokens: 256 };
    const { turn_id } = (await server.inject("POST", "/chat", body)).json();
    return (await server.inject("GET", `/sessions/s/turns/${turn_id}`)).json().report;
  };
  for (let n = 0; n < 4; n++) await say(`message ${n}`);
  const history = new MessageHistory({ client: server.redis.client, name: server.name });
  const [first] = await history.getRecent("s", { k: 8 });
  await history.drop("s", first?.id);
  const report = await say("And now?");
  // Were it cut, half would be kept.
  expect(report.tokens.counted).toBeGreaterThan(report.budget / 2);
  expect(report.left_out).toEqual([]);
  // No template accepts an answer at the beginning: it is quoted, and joined with the user's message that follows.
  expect(report.normalized.map(({ change }: { change: string }) => change)).toEqual(["quoted", "joined"]);
  expect(report.messages).toHaveLength(8);
});
