/**
 * Codes of what can go wrong besides a wrong argument (which is a `TypeError`, thrown before anything is sent):
 * - `unavailable`: Redis is unreachable, frozen, out of memory, read-only, or too slow. Nothing was written, unless
 *   the connection broke after the command was sent: then it may have been.
 * - `duplicate_id`: a message's id is already in use in the session. Nothing was written.
 * - `unknown_message`: there is no message with the id given.
 * - `unknown_turn`: there is no turn with the id given.
 * - `unknown_session`: there is no such session, or it was cleared or expired while it was read.
 * - `session_exists`: a session is to be created, and its id is in use.
 * - `conflict`: it was changed by another caller meanwhile. Nothing was written: read it again.
 * - `too_many`: an owner has as many notes as there can be. Nothing was written.
 * - `too_large`: a blob has more bytes than it, or all of its session, may have. Nothing was stored.
 * - `damaged`: a key of the session holds something that this library did not write.
 * - `newer_layout`: a newer version of this library wrote the session. It was left unchanged: upgrade.
 */
export type MemoryErrorCode =
  | "unavailable"
  | "duplicate_id"
  | "unknown_message"
  | "unknown_turn"
  | "unknown_session"
  | "session_exists"
  | "conflict"
  | "too_many"
  | "too_large"
  | "damaged"
  | "newer_layout";

/**
 * The library's one error class.
 *
 * @example
 * try {
 *   await history.addMessage("session_1", { role: "user", content: "Once", id: "request-7" });
 * } catch (error) {
 *   // An earlier try has stored it.
 *   if (!MemoryError.isInstance(error) || error.code !== "duplicate_id") throw error;
 * }
 */
export class MemoryError extends Error {
  readonly code: MemoryErrorCode;

  constructor(code: MemoryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "MemoryError";
    this.code = code;
  }

  static isInstance(error: unknown): error is MemoryError {
    return error instanceof Error && error.name === "MemoryError" && "code" in error;
  }
}

export const duplicateId = (id: unknown): MemoryError =>
  new MemoryError("duplicate_id", `A message with the id ${JSON.stringify(id)} is there already`);

export const damaged = (cause?: unknown): MemoryError =>
  new MemoryError("damaged", "A key of this session is not what this library keeps there", { cause });

export const unknownMessage = (id: string): MemoryError =>
  new MemoryError("unknown_message", `There is no message with the id ${JSON.stringify(id)}`);

export const unknownTurn = (id: string): MemoryError =>
  new MemoryError("unknown_turn", `There is no turn with the id ${JSON.stringify(id)}`);

export const unknownSession = (): MemoryError =>
  new MemoryError("unknown_session", "There is no such session (any more)");

export const clearedWhileRead = (): MemoryError =>
  new MemoryError("unknown_session", "The session was cleared or has expired while it was read");

export const sessionExists = (): MemoryError =>
  new MemoryError("session_exists", "There is a session with this id already");
