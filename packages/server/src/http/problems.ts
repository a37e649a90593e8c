import type { Socket } from "node:net";
import type { Problem } from "@redis-memory-magic/protocol";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { AppError, type ErrorCode, type LimitState } from "../errors/app-error.ts";
import { ERRORS } from "../errors/error-table.ts";
import { type Issue, invalidFields } from "../errors/invalid-fields.ts";
import { oncePerMinute } from "../observability/once-per-minute.ts";
import { logSecurityEvent } from "../observability/security-log.ts";
import { setRateLimitHeaders } from "./hooks/rate-limit-headers.ts";

/** The longest wait that is worth a client's automatic retry. */
const MAX_RETRY_SECONDS = 60;
/** Bytes of a refused body that are received, so that its client sees why. */
const MAX_DISCARDED_BYTES = 64 * 1024 ** 2;
const PROBLEM_JSON = "application/problem+json; charset=utf-8";

/** An error as the API sends it. */
function toProblem(error: AppError): Problem {
  const { code, message, errors, turnId, sessionId, response } = error;
  const { status, title } = ERRORS[code];
  return {
    type: `urn:redis-memory-magic:error:${code}`,
    title,
    status,
    detail: message,
    code,
    ...(errors && { errors }),
    ...(turnId !== undefined && { turn_id: turnId }),
    ...(sessionId !== undefined && { session_id: sessionId }),
    ...(response !== undefined && { response }),
  };
}

interface ProblemWatch {
  problemAnswered(code: ErrorCode): void;
}

/** Sends an error in the format of a part of the API. */
export type SendError = (reply: FastifyReply, error: AppError) => FastifyReply;

const sendProblem: SendError = (reply, error) =>
  reply.code(ERRORS[error.code].status).type(PROBLEM_JSON).send(toProblem(error));

/**
 * Renders every error of a part of the API with a code of the table, never with a stack trace.
 * @param format default: a problem document
 */
export function renderErrors(
  app: FastifyInstance,
  watch: ProblemWatch,
  format: SendError = sendProblem,
): void {
  const report = errorReports(watch);
  const send = (reply: FastifyReply, error: AppError): FastifyReply => {
    setRateLimitHeaders(reply, error.limit);
    if (error.retryAfter !== undefined) reply.header("retry-after", Math.ceil(error.retryAfter));
    // OpenAI's clients would repeat every 409, 429 and 5xx otherwise.
    const isSoon = ERRORS[error.code].retry && (error.retryAfter ?? 0) <= MAX_RETRY_SECONDS;
    if (!reply.hasHeader("x-should-retry")) reply.header("x-should-retry", String(isSoon));
    if (error.code === "body_too_large" && isSoonWhole(reply.request)) reply.removeHeader("connection");
    return format(reply, error);
  };
  app.setErrorHandler((error: FastifyError, request, reply) => send(reply, report(error, request)));
  app.setNotFoundHandler((request, reply) => {
    const [path = ""] = request.url.split("?", 1);
    const what = isOpenAiPath(path)
      ? "The OpenAI-compatible API is below /v1: set the client's base URL to this server's address with /v1 at its end."
      : "See /docs.";
    const detail = `There is no ${request.method} ${path}. ${what}`;
    return send(reply, report(new AppError("not_found", detail), request));
  });
}

/**
 * True if the rest of a body that is too large is worth waiting for. Fastify would close the connection while the client, or
 * nginx for it, still sends: it would then see a reset instead of the answer. Node.js discards the rest, which no limit
 * counts.
 */
function isSoonWhole({ headers, routeOptions: { bodyLimit = 0 } }: FastifyRequest): boolean {
  return Number(headers["content-length"]) <= Math.min(4 * bodyLimit, MAX_DISCARDED_BYTES);
}

/** True for a path of OpenAI's API that a client asks for below another base URL than `/v1`. */
const isOpenAiPath = (path: string): boolean =>
  /\/(?:chat\/completions|responses|conversations|embeddings|models)(?:\/|$)/.test(path) &&
  !/^\/v1\/(?!v1\/)/.test(path);

/**
 * Returns a function that turns what a request threw into an error of the table, counts it, and logs what an operator
 * needs.
 */
export function errorReports(watch: ProblemWatch): (error: Error, request: FastifyRequest) => AppError {
  const shouldLog = oncePerMinute();
  return (error, request) => {
    const known =
      error instanceof AppError ? error : fromFastify(error as FastifyError, request.routeOptions.bodyLimit);
    if (known.code === "internal_error") request.log.error({ err: error }, "A request failed");
    if (known.code === "storage_unavailable") {
      request.log.warn(
        { reason: reasonOf(known.cause) },
        "Redis connection failed while a request needed it",
      );
    }
    if (known.limit && shouldLog(`${known.limit.policy} ${request.ip}`))
      logSecurityEvent(request.log, "limit_reached", limitFields(known.limit, request));
    if (UNKNOWN.has(known.code)) logSecurityEvent(request.log, "unknown_session", { address: request.ip });
    watch.problemAnswered(known.code);
    return known;
  };
}

/** Answers a path that cannot be decoded: no route or hook of a route ever receives it. */
export function onBadPath(_: FastifyError, __: unknown, reply: FastifyReply): void {
  const message = "must be percent-encoded UTF-8";
  const errors = [{ field: "path", message }];
  const problem = toProblem(new AppError("invalid_request", `The path ${message}.`, { errors }));
  void reply.code(problem.status).type(PROBLEM_JSON).send(problem);
}

/** Answers a request that Node.js cannot parse, before a route is known, with a problem document too. */
export function onClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const known =
    CLIENT_ERRORS[error.code ?? ""] ??
    new AppError("invalid_request", "This is not an HTTP request that can be read.");
  const { status, title } = ERRORS[known.code];
  const body = JSON.stringify(toProblem(known));
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: ${PROBLEM_JSON}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `Connection: close\r\n\r\n${body}`,
  );
}

const CLIENT_ERRORS: Readonly<Record<string, AppError>> = {
  HPE_HEADER_OVERFLOW: new AppError(
    "headers_too_large",
    "The address and the headers of a request can have 16 KiB together. Send less in them.",
  ),
  ERR_HTTP_REQUEST_TIMEOUT: new AppError(
    "request_too_slow",
    "The request was not whole within 30 s, or its headers within 15 s.",
  ),
};

// By design another owner's session looks like one that does not exist.
const UNKNOWN: ReadonlySet<ErrorCode> = new Set(["session_not_found", "turn_not_found"]);

const limitFields = ({ policy, quota }: LimitState, request: FastifyRequest): object => ({
  policy,
  quota,
  address: request.ip,
});

function fromFastify(error: FastifyError, bodyLimit = 0): AppError {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const issues = error.validation.map(({ instancePath, message = "is not valid", params }) => ({
      path: instancePath.split("/").filter((name) => name !== ""),
      message,
      errors: (params as Partial<Issue>).errors,
    }));
    return invalidFields(issues, error.validationContext ?? "body");
  }
  if (error.code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    return new AppError(
      "body_too_large",
      `The body is larger than ${+(bodyLimit / 1024 ** 2).toFixed(1)} MiB.`,
    );
  }
  if (error.code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    return new AppError("unsupported_media_type", "Send the body as application/json.");
  }
  // Fastify's own refusals: broken JSON, an empty body, __proto__, a path that cannot be decoded.
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    const message = error.message.replace(/\.$/, "");
    return new AppError("invalid_request", `${message}.`, { errors: [{ field: "body", message }] });
  }
  return new AppError("internal_error", "Something went wrong inside this server. Its log has the details.", {
    cause: error,
  });
}

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
