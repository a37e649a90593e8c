/** What went wrong, in sentences for the person at the terminal: what happened and what to do. */
export class Failure extends Error {}

/** The person stopped us: nothing to explain. */
export class Interrupted extends Error {}

/**
 * Any error as sentences, never as a stack trace.
 * @param {unknown} error
 */
export function explain(error) {
  if (!(error instanceof Error)) return `Something unexpected happened: ${error}.`;
  if (error instanceof Failure) return error.message;
  const { code, path, syscall } = /** @type {NodeJS.ErrnoException} */ (error);
  if (code === "ENOSPC" || code === "EDQUOT") return diskFull(path);
  // ENOENT is what a recursive mkdir says there.
  if (code === "EROFS" || (code === "ENOENT" && syscall === "mkdir")) {
    return `${path ?? "A file"} cannot be written: the file system there is read-only. Make it writable or use another folder, then start again.`;
  }
  if (code === "EACCES" || code === "EPERM") {
    return `${path ?? "A file"} may not be written or read (${code}). Correct its owner or permissions, then start again.`;
  }
  return `Something unexpected happened: ${error.message}. If it happens again, please report it.`;
}

/** @param {string} [where] */
export function diskFull(where) {
  return `The disk is full${where ? ` (${where})` : ""}. Free about 1 GB, then start again: what is complete is kept.`;
}
