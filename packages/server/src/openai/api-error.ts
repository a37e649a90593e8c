import type { OpenAiError } from "@redis-memory-magic/protocol/openai";
import { AppError, type ErrorCode } from "../errors/app-error.ts";
import { ERRORS } from "../errors/error-table.ts";

/** Errors that OpenAI's API has under another code or status than this server's own. */
const AS_OPENAI: Partial<Record<ErrorCode, { readonly code: string; readonly status?: number }>> = {
  unauthenticated: { code: "invalid_api_key" },
  context_too_small: { code: "context_length_exceeded", status: 400 },
  provider_context_exceeded: { code: "context_length_exceeded", status: 400 },
  provider_model_not_found: { code: "model_not_found", status: 404 },
  provider_quota_exceeded: { code: "insufficient_quota" },
  provider_rate_limited: { code: "rate_limit_exceeded" },
  rate_limited: { code: "rate_limit_exceeded" },
  too_many_streams: { code: "rate_limit_exceeded" },
};

/** An error as OpenAI's API sends it, with its HTTP status. */
export function toOpenAiError(error: AppError): { readonly status: number; readonly body: OpenAiError } {
  const { code, message, errors } = error;
  const known = AS_OPENAI[code];
  const status = known?.status ?? ERRORS[code].status;
  const param = errors?.[0]?.field ?? null;
  return {
    status,
    body: { error: { message, type: typeOf(status), param, code: known?.code ?? code } },
  };
}

function typeOf(status: number): string {
  if (status === 401) return "authentication_error";
  if (status === 403) return "permission_error";
  if (status === 429) return "rate_limit_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

/** @param message what is wrong with the field, behind its name */
export const invalid = (field: string, message: string): AppError =>
  new AppError("invalid_request", `${field} ${message}.`, { errors: [{ field, message }] });

/** For a field with a value that this server has nothing for. */
export const unsupported = (field: string, message: string): AppError =>
  new AppError("unsupported_parameter", `${field} ${message}.`, { errors: [{ field, message }] });

/** Rethrows an error, or what stands for it here. */
export const refusal =
  (meanings: Partial<Record<AppError["code"], () => AppError>>) =>
  (error: unknown): never => {
    const meaning = error instanceof AppError ? meanings[error.code] : undefined;
    throw meaning ? meaning() : error;
  };
