import { expect, onTestFinished, test } from "vitest";
import { startFakeOllama } from "../../../test/fakes/ollama.ts";
import { ProviderHttp } from "../provider-http.ts";
import { ServerTokenizer } from "./tokenizer.ts";

async function startWith(...answers: object[]) {
  const fake = await startFakeOllama();
  const http = new ProviderHttp({ baseUrl: fake.url, apiKey: "" });
  onTestFinished(async () => {
    await http.close();
    await fake.close();
  });
  for (const body of answers) {
    fake.replay({
      request: "POST /tokenize",
      status: 200,
      contentType: "application/json",
      body: JSON.stringify(body),
    });
  }
  return { fake, tokenizer: new ServerTokenizer(http) };
}

test.each([{ tokens: [1, 2, 3] }, { count: 3, max_model_len: 4096, tokens: null }])(
  "reads %j",
  async (answer) => {
    const { tokenizer } = await startWith(answer);
    expect(await tokenizer.count("m", ["one two three"])).toEqual([3]);
  },
);

test("an answer without a count is the provider's failure", async () => {
  const { tokenizer } = await startWith({ token_count: 3 });
  await expect(tokenizer.count("m", ["one two three"])).rejects.toMatchObject({ code: "provider_failed" });
});

test("a server whose answer has no count is not asked again", async () => {
  const { fake, tokenizer } = await startWith({ token_count: 3 });
  await tokenizer.look("m");
  await tokenizer.look("m");
  expect(tokenizer.found).toBe(false);
  expect(fake.requests).toHaveLength(1);
});
