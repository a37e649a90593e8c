import { commonSentences, type FailureSentences, quoted } from "../provider-failure.ts";

/** What OpenAI's failures mean to people, and what they can do. */
export const chatGptSentences = (baseUrl: string): FailureSentences => ({
  ...commonSentences("OpenAI", "OPENAI_BASE_URL"),
  provider_unavailable: (failure) => [
    `OpenAI cannot be reached at ${baseUrl}${failure.said ? `: ${failure.said}` : ""}.`,
    "Check this server's way to the Internet, or choose another provider.",
  ],
  provider_unauthorized: () => [
    "OpenAI does not accept the API key.",
    "Set OPENAI_API_KEY to a valid one (https://platform.openai.com/api-keys) and restart the server.",
  ],
  provider_quota_exceeded: (failure) => [
    `The OpenAI account has no credit left, or has reached a limit of its spending.${quoted(failure)}`,
    "See https://platform.openai.com/settings/organization/billing, or choose another provider.",
  ],
  provider_model_not_found: (failure, model) => [
    `This OpenAI key has no model ${model}.${quoted(failure)}`,
    "Choose another model, or set OPENAI_MODEL.",
  ],
});
