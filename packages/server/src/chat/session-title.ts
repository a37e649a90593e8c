/** Returns a title that the list of sessions has room for: at most 80 characters, of which each has one or two code units. */
export const shortTitle = (title: string): string => /^.{0,80}/su.exec(title)?.[0] ?? "";

/** A session's title is the first line of its first message, until it is renamed. */
export const titleOf = (message: string): string => shortTitle(message.trim().split("\n", 1)[0] ?? "");
