/** The port to how much an owner keeps. */
export interface Room {
  /**
   * Takes room for so many more bytes in a session, which may be new.
   * @throws AppError `storage_limit_reached`, `storage_unavailable`
   */
  take(sessionId: string, bytes: number): Promise<void>;
  /** Counts so many more bytes, or fewer, in any case. Nobody waits for it. */
  adjust(sessionId: string, bytes: number): void;
}
