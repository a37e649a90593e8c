import { counted } from "../counted.ts";
import { AppError, type ErrorCode, type ProviderFacts } from "../errors/app-error.ts";
import { ERRORS } from "../errors/error-table.ts";

/** The errors that a provider itself can cause; a silent one is found by the turn that waits for it. */
export type ProviderErrorCode = Exclude<
  Extract<ErrorCode, `provider_${string}`>,
  "provider_silent" | "provider_no_answer"
>;

interface FailureDetails extends ProviderFacts {
  /** Seconds to wait before the next try, as the provider says. */
  readonly retryAfter?: number;
  readonly cause?: unknown;
}

/** A failed call before `explain` has given it the provider's text. */
export const providerFailure = (
  code: ProviderErrorCode,
  { retryAfter, cause, ...provider }: FailureDetails = {},
): AppError =>
  new AppError(code, `${ERRORS[code].title}.`, {
    cause,
    provider,
    ...(retryAfter !== undefined && { retryAfter }),
  });

/** Why a probe with a deadline failed. */
export const failureOfProbe = (error: unknown): AppError =>
  error instanceof AppError
    ? error
    : providerFailure("provider_unavailable", { message: "it does not answer", cause: error });

/** What happened, and what to do. */
export type ErrorText = readonly [happened: string, action: string];

/** How one provider reports each failure. */
export type ErrorTexts = Record<ProviderErrorCode, (failure: AppError, model: string) => ErrorText>;

export const errorTextOf = (failure: AppError, errorTexts: ErrorTexts, model: string): ErrorText =>
  errorTexts[failure.code as ProviderErrorCode](failure, model);

/** Gives a failure a text for people. Returns anything else, such as a signal's reason, unchanged. */
export function explain(failure: unknown, errorTexts: ErrorTexts, model: string): unknown {
  if (!(failure instanceof AppError) || failure.provider === undefined) return failure;
  const { code, cause, provider, retryAfter } = failure;
  return new AppError(code, errorTextOf(failure, errorTexts, model).join(" "), {
    cause,
    provider,
    ...(retryAfter !== undefined && { retryAfter }),
  });
}

/** ` It said: “…”` to follow a sentence, with a full stop behind a quote that has none; or nothing. */
export const quoted = ({ provider }: AppError): string =>
  provider?.message
    ? ` It said: “${provider.message}”${/[.!?…。！？]$/.test(provider.message) ? "" : "."}`
    : "";

/** ` (status 500)` to follow a word, or nothing. */
const withStatus = ({ provider }: AppError): string =>
  provider?.status === undefined ? "" : ` (status ${provider.status})`;

/** `: <reason>` to follow "cannot be reached at <address>", or nothing. */
export const because = ({ provider }: AppError): string => (provider?.message ? `: ${provider.message}` : "");

/**
 * The texts that both providers over HTTP share.
 * @param name in the middle of a sentence: `the model server`
 * @param urlSetting the variable with the server's address
 */
export function commonErrorTexts(name: string, urlSetting: string) {
  const Name = name.charAt(0).toUpperCase() + name.slice(1);
  return {
    provider_failed: (failure) => {
      const { status, message, noSuchApi } = failure.provider ?? {};
      if (noSuchApi)
        return [
          `${Name} has no such API there${withStatus(failure)}.${quoted(failure)}`,
          `Check ${urlSetting}.`,
        ];
      if (status !== undefined && status >= 500)
        return [`${Name} had an error of its own${withStatus(failure)}.${quoted(failure)}`, "Try again."];
      return message
        ? [`${Name} failed to answer.${quoted(failure)}`, "Try again."]
        : [`${Name} sent something that is no answer.`, `Try again, or check ${urlSetting}.`];
    },
    provider_overloaded: (failure) => [
      `${Name} has too much to do.${quoted(failure)}`,
      `Try again ${inSeconds(failure.retryAfter)}.`,
    ],
    provider_rate_limited: (failure) => [
      `${Name} takes no more requests for now: its rate limit is reached.${quoted(failure)}`,
      `Try again ${inSeconds(failure.retryAfter)}.`,
    ],
    provider_context_exceeded: (failure, model) => [
      `The conversation is longer than ${model} can read.${quoted(failure)}`,
      "Set a smaller context window, or start a new session.",
    ],
    provider_refused: (failure) => [
      `${Name} refused the request${failure.provider?.message ? "" : withStatus(failure)}.${quoted(failure)}`,
      "Change the message, the model or the settings.",
    ],
    provider_broke_off: ({ provider }) =>
      provider?.unanswered
        ? [
            `${Name} closed the connection without an answer.`,
            `Try again. If it speaks TLS, write https:// in ${urlSetting}.`,
          ]
        : [`The connection to ${name} broke before the answer was whole.`, "Try again."],
  } satisfies Partial<ErrorTexts>;
}

const inSeconds = (seconds: number | undefined): string => {
  if (seconds === undefined) return "in a minute";
  if (seconds >= 7200) return `in ${Math.ceil(seconds / 3600)} hours`;
  if (seconds >= 120) return `in ${Math.ceil(seconds / 60)} minutes`;
  return `in ${counted(seconds, "second")}`;
};
