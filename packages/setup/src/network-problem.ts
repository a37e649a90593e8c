const PROBLEMS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "it refused the connection",
  ENOTFOUND: "this host name is not known here",
  EAI_AGAIN: "this host name cannot be looked up now",
  EHOSTUNREACH: "it cannot be reached",
  ENETUNREACH: "it cannot be reached",
  ETIMEDOUT: "it cannot be reached",
  UND_ERR_CONNECT_TIMEOUT: "it cannot be reached",
  UND_ERR_HEADERS_TIMEOUT: "it stopped answering",
  UND_ERR_BODY_TIMEOUT: "it stopped answering",
  ECONNRESET: "it closed the connection",
};

/** Returns what an error of the network means, for a sentence about a host; undefined if it is another error. */
export const networkProblem = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error ? PROBLEMS[String(error.code)] : undefined;
