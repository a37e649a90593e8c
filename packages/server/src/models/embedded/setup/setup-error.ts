/** Why a built-in model, or the embedding model, cannot be installed: `message` is what happened, `action` what to do. */
export class SetupError extends Error {
  readonly action: string;

  constructor(message: string, action: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SetupError";
    this.action = action;
  }
}

/** The disk is full, or would be: no other source of the same file can help. */
export class NoSpaceError extends SetupError {
  constructor(folder: string, options?: ErrorOptions) {
    super(
      `There is not enough free space in ${folder} for the model's files.`,
      "Free some space there, or set XDG_CACHE_HOME to a folder on a larger disk. What was downloaded is kept.",
      options,
    );
    this.name = "NoSpaceError";
  }
}

/** The log's field: the cause's message for an expected failure, else the whole error. */
export function logFields(error: unknown): object {
  if (!(error instanceof SetupError)) return { err: error };
  return error.cause instanceof Error ? { cause: error.cause.message } : {};
}

/** The `code` of an error of the operating system, such as `ENOENT`. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
