import { because, commonErrorTexts, type ErrorTexts, quoted } from "../provider-failure.ts";

/**
 * What a local model server's failures mean, and what to do about them.
 * @param isOllama false for a server that is known to be another one
 */
export const ollamaErrorTexts = (address: () => string, isOllama: () => boolean): ErrorTexts => ({
  ...commonErrorTexts("the model server", "OLLAMA_BASE_URL"),
  provider_unavailable: (failure) =>
    failure.provider?.status === 503
      ? ["The model server is still loading its model.", "Try again in a few seconds."]
      : [
          `No model server can be reached at ${address()}${because(failure)}.`,
          "Start Ollama (ollama serve), or set OLLAMA_BASE_URL.",
        ],
  provider_unauthorized: (failure) => [
    `The model server does not accept the API key.${quoted(failure)}`,
    "Set OLLAMA_API_KEY to the one that it expects and restart the server.",
  ],
  provider_quota_exceeded: (failure) => [
    `The account at the model server has no credit left.${quoted(failure)}`,
    "Add credit there, or choose another provider.",
  ],
  provider_model_not_found: (failure, model) => [
    `The model server does not have the model ${model}.${isOllama() ? "" : quoted(failure)}`,
    isOllama()
      ? `Run "ollama pull ${model}", or choose another model.`
      : "Choose another model, or set OLLAMA_MODEL.",
  ],
});
