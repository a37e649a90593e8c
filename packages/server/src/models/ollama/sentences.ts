import { commonSentences, type FailureSentences } from "../provider-failure.ts";

/** What a local model server's failures mean to people, and what they can do. */
export const ollamaSentences = (baseUrl: string): FailureSentences => ({
  ...commonSentences("The model server", "OLLAMA_BASE_URL"),
  provider_unavailable: (failure) =>
    failure.status === 503
      ? ["The model server is still loading its model.", "Try again in a few seconds."]
      : [
          `No model server can be reached at ${baseUrl}${failure.said ? `: ${failure.said}` : ""}.`,
          "Start Ollama (ollama serve), or set OLLAMA_BASE_URL.",
        ],
  provider_unauthorized: () => [
    "The model server does not accept the API key.",
    "Set OLLAMA_API_KEY to the one that it expects and restart the server.",
  ],
  provider_quota_exceeded: () => [
    "The account at the model server has no credit left.",
    "Add credit there, or choose another provider.",
  ],
  provider_model_not_found: (_, model) => [
    `The model server does not have the model ${model}.`,
    `Run "ollama pull ${model}", or choose another model.`,
  ],
});
