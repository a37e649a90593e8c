import { afterEach, beforeEach } from "vitest";
import { type FakeOpenAi, startFakeOpenAi } from "../../../test/fakes/openai.ts";
import { ChatGpt } from "./chatgpt.ts";

export const KEY = "sk-proj-a-secret-that-nobody-sees";

/** A fake OpenAI server and a model that uses it, new for each test. A test may replace the model. */
export function withFakeOpenAi(): { readonly fake: FakeOpenAi; model: ChatGpt } {
  const subject = {} as { fake: FakeOpenAi; model: ChatGpt };
  beforeEach(async () => {
    subject.fake = await startFakeOpenAi();
    subject.model = new ChatGpt({ apiKey: KEY, baseUrl: subject.fake.url, model: "gpt-5-mini" });
  });
  afterEach(async () => {
    await subject.model.close();
    await subject.fake.close();
  });
  return subject;
}
