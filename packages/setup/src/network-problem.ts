const PROBLEMS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "its name is not known",
  EAI_AGAIN: "its name cannot be looked up now",
  EHOSTUNREACH: "there is no route to it",
  ENETUNREACH: "there is no network",
  ECONNRESET: "it closed the connection",
  ETIMEDOUT: "it does not answer",
  UND_ERR_CONNECT_TIMEOUT: "it does not answer",
  UND_ERR_HEADERS_TIMEOUT: "it stopped answering",
  UND_ERR_BODY_TIMEOUT: "it stopped answering",
};

/** Returns what an error of the network means, for a sentence about a host; undefined if it is another error. */
export const networkProblem = (error: unknown): string | undefined => PROBLEMS[errorCode(error)];

/** Returns the code of an error or of its cause; empty if it has none. */
export function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if ("code" in error && typeof error.code === "string") return error.code;
  // A name with several addresses: each was tried.
  if (error instanceof AggregateError) return errorCode(error.errors[0]);
  return errorCode(error.cause);
}
