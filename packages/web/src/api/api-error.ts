import type { Problem } from "@redis-memory-magic/protocol";

/** Codes of the page's own, for what no server said: nobody answered, or not in time, or not as agreed. */
export type ConnectionCode = "offline" | "unreachable" | "timeout" | "unexpected_answer";

/** The API's refusal, or the failure to reach it. `message` is for people: what happened and what to do. */
export class ApiError extends Error {
  readonly code: string;
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  readonly problem: Partial<Problem>;
  /** When asking again is worth it, by this machine's clock (ms); 0: at once. */
  readonly retryAt: number;

  constructor(code: string, message: string, status = 0, problem: Partial<Problem> = {}, retryAt = 0) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.status = status;
    this.problem = problem;
    this.retryAt = retryAt;
  }

  /** Whether anything was done is not known: asking again with the same idempotency key is safe. */
  get isUnanswered(): boolean {
    return this.status === 0;
  }
}

const CONNECTION_MESSAGES: Record<ConnectionCode, string> = {
  offline: "You are offline. Check the network.",
  unreachable: "The server cannot be reached. Check that it is running.",
  timeout: "The server did not answer in time.",
  unexpected_answer: "Something else than the server answered.",
};

export function connectionError(code: ConnectionCode, status = 0): ApiError {
  return new ApiError(code, CONNECTION_MESSAGES[code], status);
}

/** What can be shown of any error. */
export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : connectionError("unexpected_answer");
}

/** Reads a refusal: `application/problem+json`, or whatever a proxy in between wrote. */
export async function errorOf(response: Response): Promise<ApiError> {
  const isProblem = response.headers.get("content-type")?.includes("application/problem+json");
  const problem: Partial<Problem> | null = isProblem ? await response.json().catch(() => null) : null;
  if (problem?.code === undefined) return connectionError(proxyCode(response.status), 0);
  return new ApiError(problem.code, sentence(problem), response.status, problem, retryAtOf(response));
}

/** The API tells `Retry-After` in seconds. */
function retryAtOf(response: Response): number {
  const seconds = Number(response.headers.get("retry-after"));
  return seconds > 0 ? Date.now() + seconds * 1000 : 0;
}

/** A proxy that cannot reach the server answers 502 to 504 by itself. */
function proxyCode(status: number): ConnectionCode {
  return status >= 502 && status <= 504 ? "unreachable" : "unexpected_answer";
}

function sentence({ detail, title, errors }: Partial<Problem>): string {
  const fields = errors?.map(({ field, message }) => `${field} ${message}`).join("; ");
  return [detail ?? title ?? "The request was refused.", fields && `(${fields})`].filter(Boolean).join(" ");
}
