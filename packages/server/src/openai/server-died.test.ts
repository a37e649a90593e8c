import OpenAI from "openai";
import { expect, test } from "vitest";
import { askForWords } from "../../test/faults/server-faults.ts";
import { withSystem } from "../../test/faults/system.ts";

const model = "chatgpt/gpt-5-mini";
const clientOf = (base: string) => new OpenAI({ apiKey: "any", baseURL: `${base}/v1`, maxRetries: 0 });

test(
  "when the answering server is killed, another one replays, ends and continues its response",
  { timeout: 300_000 },
  () =>
    withSystem(async (system) => {
      const [first, second] = [await system.startServer(), await system.startServer()];
      const openai = clientOf(second.base);
      const conversation = await openai.conversations.create();
      const stream = await clientOf(first.base).responses.create({
        model,
        input: askForWords(2000, 20),
        conversation: conversation.id,
        stream: true,
      });
      let id = "";
      let seen = -1;
      let shown = "";
      await expect(async () => {
        for await (const event of stream) {
          seen = event.sequence_number;
          if (event.type === "response.created") id = event.response.id;
          if (event.type === "response.output_text.delta") shown += event.delta;
          if (shown.length > 40) await first.kill();
        }
      }).rejects.toThrow();
      let last: OpenAI.Responses.ResponseStreamEvent | undefined;
      let all = shown;
      for await (const event of await openai.responses.retrieve(id, { stream: true, starting_after: seen })) {
        expect(event.sequence_number).toBe(++seen);
        if (event.type === "response.output_text.delta") all += event.delta;
        last = event;
      }
      expect(last).toMatchObject({
        type: "response.failed",
        response: {
          id,
          status: "failed",
          error: { code: "server_error" },
          output: [{ type: "message", status: "incomplete", content: [{ text: all }] }],
        },
      });
      expect(await openai.responses.retrieve(id)).toMatchObject({ status: "failed" });
      const next = await openai.responses.create({ model, input: "Go on", conversation: conversation.id });
      expect(next.status).toBe("completed");
      const { data } = await openai.conversations.items.list(conversation.id, { order: "asc" });
      expect(data.map((item) => "role" in item && item.role)).toEqual([
        "user",
        "assistant",
        "user",
        "assistant",
      ]);
      const branch = await openai.responses.create({ model, input: "Go on", previous_response_id: id });
      expect(branch.status).toBe("completed");
    }),
);
