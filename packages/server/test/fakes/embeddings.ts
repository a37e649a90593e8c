import type { Handler } from "./fake-server.ts";
import { sendJson } from "./fake-server.ts";

interface EmbeddingRequest {
  readonly model: string;
  readonly input: readonly string[];
  readonly dimensions?: number;
}

/**
 * Vectors of a text's length, and a usage of a token a text, by the one model that has them. The text `wait` has no
 * answer.
 */
export const fakeEmbeddings =
  (only: string): Handler =>
  (request, response) => {
    const { model, input, dimensions = 3 } = request.body as EmbeddingRequest;
    if (model !== only) {
      const error = { message: `model "${model}" not found`, type: "invalid_request_error", param: null };
      sendJson(response, 404, { error: { ...error, code: "model_not_found" } });
      return;
    }
    if (input.includes("wait")) return;
    const data = input.map((text, index) => ({
      object: "embedding",
      index,
      embedding: Array.from({ length: dimensions }, (_, n) => text.length + n / 2),
    }));
    const usage = { prompt_tokens: input.length, total_tokens: input.length };
    sendJson(response, 200, { object: "list", data, model, usage });
  };
