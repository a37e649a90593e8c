import { Turns } from "@redis-memory-magic/memory";
import { expect, test } from "vitest";
import { responseId } from "../src/openai/ids.ts";
import { startWithSdk } from "../src/openai/sdk.fixture.ts";

const model = "mirror";

test("a chain of 1,000 responses is one session, and goes on from its end and from its middle", async () => {
  const { openai, server } = await startWithSdk();
  const sessionId = `chain_${"0123456789abcdef".repeat(2)}`;
  const turns = new Turns({ client: server.redis.client, name: server.name });
  const info = { mode: "stateful", provider: "mirror", model };
  const ids: string[] = [];
  for (let n = 0; n < 1000; n++) {
    const ran = await turns.run(sessionId, { content: `q${n}`, info }, async (writer) => writer.write("a"));
    if (ran.kind === "ended") ids.push(responseId({ sessionId, turnId: ran.turnId }));
  }
  const after = (previous_response_id: string) =>
    openai.responses.create({ model, input: "How many?", previous_response_id, truncation: "auto" });
  // All 2,000 messages do not fit the mirror's context window; the first half does.
  expect((await after(ids[999] ?? "")).output_text).toContain('"q998" and "q999"');
  expect((await after(ids[499] ?? "")).output_text).toMatch(
    /^I was sent 1001 messages.*"q498" and "q499"\.$/,
  );
  expect((await openai.responses.retrieve(ids[0] ?? "")).output_text).toBe("a");
  const sessions = await server.inject("GET", "/sessions");
  expect(sessions.json().sessions).toHaveLength(2);
});

test("a hundred clients go on from one parent at once: each has its own branch", async () => {
  const { openai } = await startWithSdk();
  const parent = await openai.responses.create({ model, input: "root" });
  const children = await Promise.all(
    Array.from({ length: 100 }, (_, n) =>
      openai.responses.create({ model, input: `child ${n}`, previous_response_id: parent.id }),
    ),
  );
  expect(new Set(children.map(({ id }) => id)).size).toBe(100);
  for (const { output_text } of children) {
    expect(output_text).toBe('I was sent 3 messages. Before this one you said: "root".');
  }
  const [some] = children.slice(50);
  const next = await openai.responses.create({ model, input: "?", previous_response_id: some?.id ?? "" });
  expect(next.output_text).toContain('"root" and "child 50"');
});
