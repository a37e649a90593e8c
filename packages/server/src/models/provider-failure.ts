import { AppError, type ErrorCode } from "../errors/app-error.ts";

/** The errors that a provider itself can cause; a silent one is found out by who waits for it. */
export type ProviderErrorCode = Exclude<Extract<ErrorCode, `provider_${string}`>, "provider_silent">;

interface FailureDetails {
  /** The provider's own words, untrusted; or why it could not be reached. */
  said?: string;
  /** HTTP status; absent where no answer came. */
  status?: number;
  /** Seconds after which trying again makes sense, as the provider says. */
  retryAfter?: number;
  /** The field of the request that the provider objects to. */
  param?: string;
  cause?: unknown;
}

/** How a call failed, before the provider's folder puts it in sentences for people. */
export class ProviderFailure extends Error {
  readonly code: ProviderErrorCode;
  readonly said: string;
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;
  readonly param: string | undefined;

  constructor(code: ProviderErrorCode, details: FailureDetails = {}) {
    super(code, { cause: details.cause });
    this.name = "ProviderFailure";
    this.code = code;
    this.said = details.said ?? "";
    this.status = details.status;
    this.retryAfter = details.retryAfter;
    this.param = details.param;
  }
}

/** Why a probe with a deadline came to nothing. */
export const failureOfProbe = (error: unknown): ProviderFailure =>
  error instanceof ProviderFailure
    ? error
    : new ProviderFailure("provider_unavailable", { said: "it does not answer", cause: error });

/** What happened, and what to do. */
export type Sentences = readonly [happened: string, action: string];

/** How one provider tells each failure. */
export type FailureSentences = Record<
  ProviderErrorCode,
  (failure: ProviderFailure, model: string) => Sentences
>;

/** A failure as people are told it; anything else (a signal's reason) as it is. */
export function inWords(failure: unknown, sentences: FailureSentences, model: string): unknown {
  if (!(failure instanceof ProviderFailure)) return failure;
  return new AppError(failure.code, sentences[failure.code](failure, model).join(" "), {
    cause: failure.cause,
    ...(failure.retryAfter !== undefined && { retryAfter: failure.retryAfter }),
  });
}

/** ` It said: “…”` to follow a sentence, or nothing. */
export const quoted = (failure: ProviderFailure): string =>
  failure.said ? ` It said: “${failure.said}”` : "";

/** The failures that both providers over HTTP tell alike. `urlSetting` is the variable with the server's address. */
export const commonSentences = (name: string, urlSetting: string) =>
  ({
    provider_failed: (failure) => {
      const { status } = failure;
      if (status === undefined)
        return failure.said
          ? [`${name} failed to answer.${quoted(failure)}`, "Try again."]
          : [`${name} sent something that is no answer.`, `Try again, or check ${urlSetting}.`];
      return status >= 500
        ? [`${name} had an error of its own (status ${status}).${quoted(failure)}`, "Try again."]
        : [`${name} has no such API there (status ${status}).`, `Check ${urlSetting}.`];
    },
    provider_overloaded: (failure) => [
      `${name} has too much to do.${quoted(failure)}`,
      `Try again ${inSeconds(failure.retryAfter)}.`,
    ],
    provider_rate_limited: (failure) => [
      `${name} takes no more requests for now: its rate limit is reached.`,
      `Try again ${inSeconds(failure.retryAfter)}.`,
    ],
    provider_context_exceeded: (_, model) => [
      `The conversation is longer than ${model} can read.`,
      "Set a smaller context window, or start a new session.",
    ],
    provider_refused: (failure) => [
      `${name} refused the request.${quoted(failure)}`,
      "Change the message, the model or the settings.",
    ],
    provider_broke_off: () => [`The connection to ${name} broke before the answer was whole.`, "Try again."],
  }) satisfies Partial<FailureSentences>;

const inSeconds = (seconds: number | undefined): string => {
  if (seconds === undefined) return "in a minute";
  return seconds === 1 ? "in 1 second" : `in ${seconds} seconds`;
};
