import OpenAI from "openai";
import { startTestServer } from "../../test/test-server.ts";

type Options = Parameters<typeof startTestServer>[0];

/** A server and OpenAI's own SDK as its client. */
export async function startWithSdk(options: Options = {}) {
  const server = await startTestServer(options);
  const baseURL = `${await server.listen()}/v1`;
  const client = (apiKey = "any key") => new OpenAI({ apiKey, baseURL, maxRetries: 0 });
  return { server, openai: client(), client, baseURL };
}
