/** A new session's epoch: 8 hexadecimal digits that distinguish its ids from those of an earlier session with the same name. */
export const newEpoch = (): string => crypto.randomUUID().slice(0, 8);
