import { because, commonErrorTexts, type ErrorTexts, quoted } from "../provider-failure.ts";

/** What OpenAI's failures mean, and what to do about them. */
export const chatGptErrorTexts = (address: () => string): ErrorTexts => ({
  ...commonErrorTexts("OpenAI", "OPENAI_BASE_URL"),
  provider_unavailable: (failure) => [
    `OpenAI cannot be reached at ${address()}${because(failure)}.`,
    "Check this server's connection to the Internet, or choose another provider.",
  ],
  provider_unauthorized: (failure) => [
    `OpenAI does not accept the API key.${quoted(failure)}`,
    "Set OPENAI_API_KEY to a valid one (https://platform.openai.com/api-keys) and restart the server.",
  ],
  provider_quota_exceeded: (failure) => [
    `The OpenAI account has no credit left, or has reached a spending limit.${quoted(failure)}`,
    "See https://platform.openai.com/settings/organization/billing, or choose another provider.",
  ],
  provider_model_not_found: (failure, model) => [
    `This OpenAI key has no model ${model}.${quoted(failure)}`,
    "Choose another model, or set OPENAI_MODEL.",
  ],
});
